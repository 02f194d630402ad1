import { describe, expect, it } from '@jest/globals';
import type { ObservedApp } from '../system/observed-apps.js';
import { flowBetween } from './flow.js';
import { parseMetrics } from './metrics-text.js';
import type { Scrape } from './scrape.js';

const NOTHING = { front: false, database: false, serves: [], calls: [], publishes: [], consumes: [] };
const APPS: ObservedApp[] = [
  { ...NOTHING, name: 'edge', front: true, calls: ['shop.v1.Shop'] },
  { ...NOTHING, name: 'shop', serves: ['shop.v1.Shop'], publishes: ['orders.created'], database: true },
  { ...NOTHING, name: 'points', consumes: ['orders.created'], database: true },
];

const CREATED =
  'http_server_request_duration_seconds_count{http_request_method="POST",http_route="/orders",http_response_status_code="201"}';

function scrape(at: number, metrics: Record<string, string | undefined>): Scrape {
  const replicas = Object.entries(metrics).map(([address, text]) => ({
    app: address.replace(/\d$/, ''),
    address,
    samples: text === undefined ? undefined : parseMetrics(text),
  }));
  return { at, replicas };
}

const between = (before: Record<string, string | undefined>, now: Record<string, string | undefined>) =>
  flowBetween(scrape(0, before), scrape(2_000, now), APPS);

describe('the flow', () => {
  it('is the increase of all replicas, by the time between two scrapes', () => {
    const { orders } = between(
      { edge1: `${CREATED} 10`, edge2: `${CREATED} 0` },
      { edge1: `${CREATED} 14`, edge2: `${CREATED} 2` },
    );
    expect(orders.perSecond).toBe(3);
  });

  it('counts a replica that has begun anew from 0, not below it', () => {
    expect(between({ edge1: `${CREATED} 100` }, { edge1: `${CREATED} 4` }).orders.perSecond).toBe(2);
  });

  it('takes no replica that is new for a burst', () => {
    const { orders } = between(
      { edge1: `${CREATED} 5` },
      { edge1: `${CREATED} 5`, edge2: `${CREATED} 9000` },
    );
    expect(orders.perSecond).toBe(0);
  });

  it('sees the first event of a counter that was not there before', () => {
    const dead = 'consumer_events_total{consumer="points",outcome="applied"} 2';
    expect(between({ points1: '' }, { points1: dead }).consumers[0]?.appliedPerSecond).toBe(1);
  });

  it('knows no rates at the first scrape, and nothing of what does not answer', () => {
    const first = flowBetween(undefined, scrape(0, { edge1: `${CREATED} 1`, points1: undefined }), APPS);
    expect(first.orders.perSecond).toBeNull();
    expect(first.consumers[0]).toMatchObject({ lag: null, criticalTime: { p50: null } });
    expect(first.apps).toContainEqual({ name: 'points', replicas: 1, up: 0 });
  });

  it('takes the lag of one replica, since each exports that of all', () => {
    const lag = 'consumer_lag{consumer="points"} 7';
    expect(between({}, { points1: lag, points2: lag }).consumers[0]?.lag).toBe(7);
  });

  it('interpolates the median within its bucket', () => {
    const buckets = ['0.1', '0.2', '+Inf'].map(
      (le, i) => `consumer_critical_time_seconds_bucket{consumer="points",le="${le}"} ${[0, 10, 10][i]}`,
    );
    const [points] = between({}, { points1: buckets.join('\n') }).consumers;
    expect(points?.criticalTime.p50).toBeCloseTo(0.15);
  });

  it('names the worst state of a breaker among replicas', () => {
    const state = (value: number) => `breaker_state{upstream="shop"} ${value}`;
    const { breakers } = between({}, { edge1: state(0), edge2: state(2) });
    expect(breakers).toEqual([{ app: 'edge', upstream: 'shop', state: 'open' }]);
  });
});

describe('a line of metrics', () => {
  it('may have braces, commas and escapes in a label', () => {
    const [sample] = parseMetrics('a_total{route="/x/{id}",text="a\\"b,c=\\\\d\\n"} 1.5e3 123');
    expect(sample).toEqual({
      name: 'a_total',
      labels: { route: '/x/{id}', text: 'a"b,c=\\d\n' },
      value: 1_500,
    });
  });

  it('that is a comment or another thing is left out', () => {
    expect(parseMetrics('# HELP a b\n\nnonsense\n# EOF')).toEqual([]);
  });
});
