import { describe, expect, it } from '@jest/globals';
import { formatLogLine, painter } from './log-line.ts';

const plain = painter(false);
const format = (record: unknown): string => formatLogLine(JSON.stringify(record), plain);

describe('a log line for people', () => {
  it('has time, level and message, then the rest as key=value', () => {
    expect(
      format({ level: 30, time: 1_700_000_000_123, name: 'orders', pid: 7, msg: 'committed', orders: 3 }),
    ).toBe('22:13:20.123 info  committed orders=3');
  });

  it('flattens one level of objects and leaves headers out', () => {
    const req = { method: 'POST', url: '/orders', headers: { authorization: 'secret' } };
    expect(format({ level: 40, msg: 'slow', req })).toBe('warn  slow req.method=POST req.url=/orders');
  });

  it('shows an error as type and message', () => {
    const err = { type: 'DomainError', message: 'no such order', stack: 'a\nb' };
    expect(format({ level: 50, msg: 'failed', err })).toBe('error failed err=DomainError: no such order');
  });

  it('stays one line, whatever a value holds, and cuts long values', () => {
    expect(format({ level: 30, msg: 'x', detail: 'a\nb' })).toBe('info  x detail=a\\nb');
    expect(format({ level: 30, msg: 'x', detail: 'a'.repeat(500) })).toHaveLength(
      'info  x detail=…'.length + 160,
    );
  });

  // A customer id or a path may hold what clears the screen, or C1's one-character CSI.
  it.each([
    ['message', format({ level: 30, msg: 'a\x1b[2Jb\x9bc\n' }), 'info  a\\u001b[2Jb\\u009bc\\n'],
    ['value', format({ level: 30, msg: 'x', customer: '\x1b]0;\x07' }), 'info  x customer=\\u001b]0;\\u0007'],
    ['key', format({ level: 30, msg: 'x', of: { '\x7f': 1 } }), 'info  x of.\\u007f=1'],
    ['level', format({ level: '\x1bc', msg: 'x' }), '\\u001bc x'],
    ['error', format({ level: 50, err: { message: '\x1bc' } }), 'error err=Error: \\u001bc'],
    ['line that is no JSON', formatLogLine('\x1bc', plain), '\\u001bc'],
  ])('escapes control characters in the %s', (_part, line, expected) => {
    expect(line).toBe(expected);
  });

  it.each(['plain text', '{ not json', '[1]', ''])('leaves %j as it is', (line) => {
    expect(formatLogLine(line, plain)).toBe(line);
  });

  it('colours only when asked to', () => {
    const line = JSON.stringify({ level: 50, msg: 'failed' });
    expect(formatLogLine(line, painter(true))).toContain('\x1b[31merror');
    expect(formatLogLine(line, plain)).not.toContain('\x1b');
  });
});
