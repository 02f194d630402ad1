import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, withSpan } from '@orders/instrumentation';
import { type RecordedSpans, recordSpans } from '@orders/instrumentation/testing';
import { traceStatements } from './sql-span.js';

let spans: RecordedSpans;
beforeAll(() => void (spans = recordSpans()));
beforeEach(() => spans.reset());
afterAll(() => spans.stop());

/** A connection that returns the parameters of its query. */
function connection(query: (...parameters: unknown[]) => unknown = async (...parameters) => parameters) {
  const made = { query, database: 'orders', connection: { stream: { destroy: () => undefined } } };
  traceStatements(made);
  return made;
}

const inTrace = <T>(work: () => Promise<T>) => withSpan('request', { parent: '' }, work);

describe('a statement', () => {
  it('of a recorded trace has a span with its text, without its values', async () => {
    const { query } = connection();
    const answer = await inTrace(async () => query(' select $1', ['s3cret']));
    expect(answer).toEqual([' select $1', ['s3cret']]);
    const [statement, request] = spans.ended();
    expect(statement).toMatchObject({
      name: 'pg.query:SELECT',
      kind: SpanKind.CLIENT,
      attributes: { 'db.system.name': 'postgresql', 'db.namespace': 'orders', 'db.query.text': ' select $1' },
    });
    expect(statement?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(JSON.stringify(statement?.attributes)).not.toContain('s3cret');
  });

  it('that is prepared has a span with its name', async () => {
    const { query } = connection();
    await inTrace(async () => query({ name: 'create-orders', text: 'INSERT …', values: [] }));
    expect(spans.ended()[0]?.name).toBe('pg.query:create-orders');
  });

  it('that fails has a failed span, and throws the same error', async () => {
    const { query } = connection(() => Promise.reject(new Error('no')));
    await expect(inTrace(async () => query('COMMIT'))).rejects.toThrow('no');
    expect(spans.ended()[0]).toMatchObject({ name: 'pg.query:COMMIT', status: { code: 2 } });
  });

  it('outside of a trace has no span', async () => {
    await connection().query('SELECT 1');
    expect(spans.ended()).toEqual([]);
  });
});
