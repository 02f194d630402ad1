import { describe, expect, it } from '@jest/globals';
import type { SpanRecord } from '@orders/dev/otlp-receiver';
import { timelineOf } from './timeline.ts';

/** From and to in ms after the request came. */
type Way = [service: string, name: string, from: number, to: number][];

const ORDER: Way = [
  ['gateway', 'POST /orders', 0, 12],
  ['gateway', 'create orders', 1, 10],
  ['gateway', 'orders.v1.Orders/CreateOrders', 2, 10],
  ['orders', 'orders.v1.Orders/CreateOrders', 3, 9],
  ['orders', 'pg.query:prepared-1', 5, 8],
  ['orders', 'publish orders.created', 10, 12],
  ['fulfillment', 'process orders.created', 15, 20],
  ['fulfillment', 'pg.query:COMMIT', 18, 19],
];

function traceOf(traceId: string, way: Way = ORDER): SpanRecord[] {
  return way.map(([service, name, from, to], n) => ({
    service,
    name,
    kind: 1,
    traceId,
    spanId: `${traceId}${n}`,
    parentSpanId: '',
    links: [],
    startTimeUnixNano: `${from}000000`,
    endTimeUnixNano: `${to}000000`,
  }));
}

describe('the timeline of an order', () => {
  it('is the time between one mark and the next, whose means add up', () => {
    const slow: Way = ORDER.map(([service, name, from, to]) => [service, name, 3 * from, 3 * to]);
    const { traces, stages } = timelineOf([...traceOf('a'), ...traceOf('b', slow)], ['fulfillment']);
    expect(traces).toBe(2);
    expect(stages.map(({ meanMs }) => meanMs)).toEqual([4, 2, 4, 6, 8, 24, 4, 10, 10, 24]);
    expect(stages.map(({ p99Ms }) => p99Ms)).toEqual([6, 3, 6, 9, 12, 36, 6, 15, 15, 36]);
  });

  it('has the stages of each consumer, by name where there are several', () => {
    const both: Way = [...ORDER, ['loyalty', 'process orders.created', 14, 29]];
    const { traces, stages } = timelineOf(
      [...traceOf('a', both), ...traceOf('b')],
      ['fulfillment', 'loyalty'],
    );
    expect(traces).toBe(1);
    expect(stages.slice(7).map(({ name, meanMs }) => [name, meanMs])).toEqual([
      ['JetStream: stored, delivered, gathering, fulfillment', 5],
      ['fulfillment: inbox and effect, commit', 5],
      ['event, all of it, fulfillment', 12],
      ['JetStream: stored, delivered, gathering, loyalty', 4],
      ['loyalty: inbox and effect, commit', 15],
      ['event, all of it, loyalty', 21],
    ]);
  });

  it('leaves out traces that lack a mark or have it twice: their orders shared the work of others', () => {
    const without = ORDER.filter(([, name]) => !name.startsWith('publish'));
    const twice = [...ORDER, ORDER[4]!];
    const spans = [...traceOf('a'), ...traceOf('b', without), ...traceOf('c', twice)];
    expect(timelineOf(spans, ['fulfillment']).traces).toBe(1);
  });
});
