import { describe, expect, it } from '@jest/globals';

import { runInContext } from './context.js';
import { createLogger } from './logging.js';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function capture() {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger(
    { name: 'orders', level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return { logger, lines };
}

describe('a log line', () => {
  it('carries the ids of the current request', () => {
    const { logger, lines } = capture();
    runInContext({ requestId: 'r', correlationId: 'c', traceparent: PARENT }, () =>
      logger.info({ n: 1 }, 'hello'),
    );
    logger.info('outside');
    logger.debug('below the level');
    expect(lines).toEqual([
      {
        level: 30,
        time: expect.any(Number),
        name: 'orders',
        requestId: 'r',
        correlationId: 'c',
        traceId: PARENT.slice(3, 35),
        n: 1,
        msg: 'hello',
      },
      { level: 30, time: expect.any(Number), name: 'orders', msg: 'outside' },
    ]);
  });

  it('never shows a token', () => {
    const { logger, lines } = capture();
    logger.info(
      { req: { headers: { authorization: 'Bearer s3cret', cookie: 's3cret' } }, token: 's3cret' },
      'x',
    );
    expect(JSON.stringify(lines)).not.toContain('s3cret');
  });

  it('never shows a secret inside of an error, nor does a child', () => {
    const { logger, lines } = capture();
    const err = new Error('no answer from postgres://app:s3cret@db/orders', { cause: 'nats://s3cret@n1' });
    logger.error({ err }, 'x');
    logger.child({ url: 'https://u:s3cret@proxy' }).warn('-----BEGIN PRIVATE KEY-----\ns3cret');
    expect(lines).toHaveLength(2);
    expect(JSON.stringify(lines)).not.toContain('s3cret');
    expect(JSON.stringify(lines)).toContain('postgres://***@db/orders');
  });

  it('escapes line feeds, so that no value begins another line', () => {
    const { logger, lines } = capture();
    logger.info({ sku: 'a\n{"level":60}' }, 'x\ny');
    expect(lines).toHaveLength(1);
  });
});
