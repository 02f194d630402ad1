import { describe, expect, it } from '@jest/globals';
import { contextFrom } from './request-context.js';
import { parseTraceparent } from './traceparent.js';

const from = (headers: Record<string, unknown>) => contextFrom((name) => headers[name]);
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('contextFrom', () => {
  it('takes valid headers as they are', () => {
    const headers = { 'x-request-id': 'a.B_9-', 'x-correlation-id': 'c', traceparent: TRACE };
    expect(from(headers)).toEqual({ requestId: 'a.B_9-', correlationId: 'c', traceparent: TRACE });
  });

  it('makes missing ids; the correlation id is the request id', () => {
    const { requestId, correlationId, traceparent } = from({});
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(correlationId).toBe(requestId);
    expect(parseTraceparent(traceparent)).toBeDefined();
  });

  it.each(['', 'a b', 'x'.repeat(129), 'a\r\nb', '<script>', 'é', ['a', 'b'], 7])(
    'replaces the invalid id %j',
    (id) => {
      const context = from({ 'x-request-id': id, 'x-correlation-id': id, traceparent: 'garbage' });
      expect(context.requestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(context.correlationId).toBe(context.requestId);
      expect(parseTraceparent(context.traceparent)).toBeDefined();
    },
  );
});
