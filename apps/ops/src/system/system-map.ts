import { OBSERVED_APPS, type ObservedApp } from './observed-apps.js';

export interface MapNode {
  readonly id: string;
  readonly kind: 'clients' | 'app' | 'database' | 'stream';
  readonly label: string;
}

export interface MapEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'http' | 'rpc' | 'event' | 'database';
}

/** Who talks to whom. */
export interface SystemMap {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
}

const CLIENTS = 'clients';

/** The map of a system, by the declarations of its apps. */
export function systemMap(apps: readonly ObservedApp[] = OBSERVED_APPS): SystemMap {
  const streams = [...new Set(apps.flatMap(({ publishes }) => publishes.map(streamOf)))];
  const nodes: MapNode[] = [
    { id: CLIENTS, kind: 'clients', label: 'clients' },
    ...apps.map(({ name }): MapNode => ({ id: name, kind: 'app', label: name })),
    ...streams.map((name): MapNode => ({ id: streamId(name), kind: 'stream', label: name })),
    ...apps
      .filter(({ database }) => database)
      .map(({ name }): MapNode => ({ id: databaseId(name), kind: 'database', label: 'Postgres' })),
  ];
  return { nodes, edges: apps.flatMap((app) => edgesOf(app, apps)) };
}

function edgesOf(app: ObservedApp, apps: readonly ObservedApp[]): MapEdge[] {
  const { name, front, calls, publishes, consumes, database } = app;
  const services = calls.map((call) => call.split('/', 1)[0]);
  const called = apps.filter(({ serves }) => serves.some((service) => services.includes(service)));
  const unique = (types: readonly string[]): string[] => [...new Set(types.map(streamOf))];
  return [
    ...(front ? [{ from: CLIENTS, to: name, kind: 'http' } as const] : []),
    ...called.map((other): MapEdge => ({ from: name, to: other.name, kind: 'rpc' })),
    ...unique(publishes).map((stream): MapEdge => ({ from: name, to: streamId(stream), kind: 'event' })),
    ...unique(consumes).map((stream): MapEdge => ({ from: streamId(stream), to: name, kind: 'event' })),
    ...(database ? [{ from: name, to: databaseId(name), kind: 'database' } as const] : []),
  ];
}

/** Events of one stream begin with the same word. */
function streamOf(type: string): string {
  return (type.split('.', 1)[0] ?? '').toUpperCase();
}

function streamId(stream: string): string {
  return `stream:${stream}`;
}

function databaseId(app: string): string {
  return `database:${app}`;
}
