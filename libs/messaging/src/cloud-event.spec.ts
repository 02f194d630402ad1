import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readContext, toMessage } from './cloud-event.js';
import { someEvent } from './testing/fixtures.js';

describe('a CloudEvent on NATS', () => {
  it('carries its attributes in headers and its data in the body', () => {
    const message = someEvent({ id: '0199a0b0-0000-7000-8000-000000000001', sequence: 2 }, { n: 7 });
    expect(message.id).toBe('0199a0b0-0000-7000-8000-000000000001');
    expect(message.subject).toBe('things.made');
    expect(message.body).toBe('{"n":7}');
    expect(message.headers).toMatchObject({
      'ce-specversion': '1.0',
      'ce-id': '0199a0b0-0000-7000-8000-000000000001',
      'ce-type': 'things.made',
      'ce-subject': 'thing-1',
      'ce-time': '2026-01-02T03:04:05.678Z',
      'ce-datacontenttype': 'application/json',
      'ce-sequence': '0000000002',
    });
  });

  it('is decoded as it was encoded, whatever its text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(1e9), (subject, sequence) => {
        const message = someEvent({ subject, sequence, correlationId: `${subject}%20"` });
        for (const value of Object.values(message.headers)) expect(value).toMatch(/^[\x21-\x7e]*$/);
        expect(readContext(message)).toMatchObject({ subject, sequence, correlationId: `${subject}%20"` });
      }),
    );
  });

  it('is refused when it is too large for the bus', () => {
    expect(() => someEvent({ correlationId: 'x'.repeat(40_000) })).toThrow(RangeError);
    expect(() => someEvent({}, { text: '€'.repeat(300_000) })).toThrow(RangeError);
    expect(someEvent({ correlationId: 'x'.repeat(20_000) }, { text: 'x'.repeat(700_000) }).body).toBeTruthy();
  });

  it('has a sequence whose text order is the order of events', () => {
    const sequenceOf = (sequence: number) => someEvent({ sequence }).headers['ce-sequence'] ?? '';
    expect(sequenceOf(9) < sequenceOf(10)).toBe(true);
  });

  it.each(['ce-id', 'ce-type', 'ce-subject', 'ce-time', 'ce-sequence', 'ce-specversion'])(
    'is refused without %s',
    (name) => {
      const message = someEvent();
      const { [name]: _dropped, ...headers } = message.headers;
      expect(() => readContext({ ...message, headers })).toThrow(name);
    },
  );

  it('is read without a correlation id and a trace', () => {
    const message = toMessage({ ...readContext(someEvent()), correlationId: '', traceparent: '' }, {});
    const { 'ce-correlationid': _c, traceparent: _t, ...headers } = message.headers;
    expect(readContext({ ...message, headers })).toMatchObject({ correlationId: '', traceparent: '' });
  });
});
