import { OBSERVED_APPS, type ObservedApp } from '../system/observed-apps.js';
import { systemMap, type MapEdge } from '../system/system-map.js';
import { Figures } from './figures.js';
import type { Scrape } from './scrape.js';

/** What flows through the system now. Rates are per second; a figure that is not known is null. */
export interface Flow {
  readonly apps: readonly { name: string; replicas: number; up: number }[];
  readonly orders: {
    perSecond: number | null;
    refusedPerSecond: number | null;
    failedPerSecond: number | null;
  };
  readonly outboxes: readonly { app: string; oldestPendingSeconds: number | null; pending: number | null }[];
  readonly consumers: readonly ConsumerFlow[];
  readonly breakers: readonly { app: string; upstream: string; state: 'closed' | 'half-open' | 'open' }[];
  readonly edges: readonly (MapEdge & { perSecond: number | null })[];
}

export interface ConsumerFlow {
  readonly app: string;
  readonly lag: number | null;
  readonly appliedPerSecond: number | null;
  /** Since the replicas started. */
  readonly deadLetters: number | null;
  /** Commit of the order → commit of its effect, in seconds; since the replicas started. */
  readonly criticalTime: { p50: number | null; p95: number | null };
}

const STATES = ['closed', 'half-open', 'open'] as const;
const REQUESTS = 'http_server_request_duration_seconds_count';
const CREATING = { http_request_method: 'POST', http_route: '/orders' };

/**
 * The flow between two scrapes.
 *
 * @param before undefined when there is none yet: rates are not known then
 */
export function flowBetween(
  before: Scrape | undefined,
  now: Scrape,
  apps: readonly ObservedApp[] = OBSERVED_APPS,
): Flow {
  const figures = new Figures(before, now);
  const fronts = apps.filter(({ front }) => front).map(({ name }) => name);
  return {
    apps: apps.map(({ name }) => ({ name, ...figures.replicas(name) })),
    orders: {
      perSecond: figures.rate(fronts, REQUESTS, { ...CREATING, http_response_status_code: /^2/ }),
      refusedPerSecond: figures.rate(fronts, 'http_server_refused_total', {}),
      failedPerSecond: figures.rate(fronts, REQUESTS, { http_response_status_code: /^5/ }),
    },
    outboxes: apps
      .filter(({ publishes }) => publishes.length > 0)
      .map(({ name }) => ({
        app: name,
        oldestPendingSeconds: figures.highest(name, 'outbox_oldest_pending_seconds'),
        pending: figures.highest(name, 'outbox_pending'),
      })),
    consumers: apps.filter(({ consumes }) => consumes.length > 0).map(({ name }) => consumer(figures, name)),
    breakers: apps.flatMap(({ name }) => breakers(figures, name)),
    edges: systemMap(apps).edges.map((edge) => ({ ...edge, perSecond: edgeRate(figures, edge) })),
  };
}

function consumer(figures: Figures, app: string): ConsumerFlow {
  const critical = 'consumer_critical_time_seconds';
  return {
    app,
    // Every replica exports that of all.
    lag: figures.highest(app, 'consumer_lag'),
    appliedPerSecond: figures.rate([app], 'consumer_events_total', { outcome: 'applied' }),
    deadLetters: figures.sum([app], 'consumer_events_total', { outcome: 'dead_letter' }),
    criticalTime: {
      p50: figures.quantile(app, critical, 0.5),
      p95: figures.quantile(app, critical, 0.95),
    },
  };
}

function breakers(figures: Figures, app: string): Flow['breakers'][number][] {
  const worst = new Map<string, number>();
  for (const { labels, value } of figures.samples(app, 'breaker_state'))
    worst.set(labels['upstream'] ?? '', Math.max(worst.get(labels['upstream'] ?? '') ?? 0, value));
  return [...worst].map(([upstream, value]) => ({ app, upstream, state: STATES[value] ?? 'open' }));
}

function edgeRate(figures: Figures, { from, to, kind }: MapEdge): number | null {
  switch (kind) {
    case 'http':
      return figures.rate([to], REQUESTS, {});
    case 'rpc':
      return figures.rate([to], 'rpc_server_duration_seconds_count', {});
    case 'event':
      return from.startsWith('stream:')
        ? figures.rate([to], 'consumer_events_total', {})
        : figures.rate([from], 'outbox_publish_attempts_total', { outcome: 'stored' });
    case 'database':
      return null;
  }
}
