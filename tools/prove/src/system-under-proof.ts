import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import type { Environments } from '@orders/dev/stack/environments';
import { startSystem, type System } from '@orders/dev/stack/system';
import type { Steps } from '@orders/dev/stack/tasks';
import { FaultProxy } from './fault-proxy.ts';

export const EDGES = [
  'client-gateway',
  'gateway-orders',
  'orders-postgres',
  'orders-nats',
  'fulfillment-postgres',
  'fulfillment-nats',
] as const;
export type Edge = (typeof EDGES)[number];
export type Edges = Record<Edge, FaultProxy>;

export interface SystemUnderProof {
  system: System;
  edges: Edges;
  /** The gateway as the clients reach it. */
  api: string;
  /** What happened that nobody ordered, such as the death of an app; emptied by whoever reads it. */
  alarms: string[];
  stop(): Promise<void>;
}

/** A line of a log that must never be written. */
const FORBIDDEN = /uncaughtException|unhandledRejection|"level":60|"level":"fatal"|Bearer ey/;

/** The whole system, two replicas of each app, on free ports with a fault proxy on every edge that configuration can move. */
export async function startUnderProof(options: {
  folder: string;
  build: boolean;
  /** Whose apps run: a folder with apps/ and node_modules/. Default: the workspace. */
  root?: string | undefined;
  steps?: Steps;
  signal: AbortSignal;
}): Promise<SystemUnderProof> {
  const { folder, build, root, steps, signal } = options;
  const alarms: string[] = [];
  const edges: Partial<Edges> = {};
  const log = openLogs(join(folder, 'logs'));
  const closeEdges = () => Promise.all(Object.values(edges).map((edge) => edge.close()));
  try {
    const system = await startSystem({
      dataDir: join(folder, 'data'),
      build,
      replicas: 2,
      ...(root === undefined ? {} : { root }),
      ...(steps ? { steps } : {}),
      signal,
      rewire: (environments) => rewire(environments, edges),
      onLine: (app, line) => {
        log(app, line);
        if (FORBIDDEN.test(line)) alarms.push(`${app} wrote: ${line.slice(0, 300)}`);
      },
      onEvent: (app, text) => {
        log(app, `supervisor: ${text}`);
        if (text.startsWith('died')) alarms.push(`${app} ${text}`);
      },
    });
    if (!system.postgres.server || !system.nats.server)
      throw new Problem('the proof needs servers of its own');
    const gateway = await FaultProxy.listen('client-gateway', Number(new URL(system.urls.api).port));
    edges['client-gateway'] = gateway;
    const stop = async (): Promise<void> => {
      await system.stop(); // in good order, which needs the edges
      await closeEdges();
    };
    return { system, edges: edges as Edges, api: `http://127.0.0.1:${gateway.port}`, alarms, stop };
  } catch (error) {
    await closeEdges();
    throw error;
  }
}

/** Puts a proxy between each app and what it speaks to. */
async function rewire(environments: Environments, edges: Partial<Edges>): Promise<Environments> {
  const through = async (edge: Edge, url: string): Promise<string> => {
    const moved = new URL(url);
    edges[edge] = await FaultProxy.listen(edge, Number(moved.port));
    moved.port = String(edges[edge].port);
    return moved.href;
  };
  const { gateway, orders, fulfillment } = environments;
  const address = await through('gateway-orders', `tcp://${gateway['ORDERS_ADDRESS']}`);
  return {
    gateway: { ...gateway, ORDERS_ADDRESS: new URL(address).host },
    orders: {
      ...orders,
      DATABASE_URL: await through('orders-postgres', orders['DATABASE_URL'] ?? ''),
      NATS_URL: await through('orders-nats', orders['NATS_URL'] ?? ''),
    },
    fulfillment: {
      ...fulfillment,
      DATABASE_URL: await through('fulfillment-postgres', fulfillment['DATABASE_URL'] ?? ''),
      NATS_URL: await through('fulfillment-nats', fulfillment['NATS_URL'] ?? ''),
    },
  };
}

function openLogs(folder: string): (app: string, line: string) => void {
  mkdirSync(folder, { recursive: true });
  const streams = new Map<string, ReturnType<typeof createWriteStream>>();
  return (app, line) => {
    const stream = streams.get(app) ?? createWriteStream(join(folder, `${app}.log`), { flags: 'a' });
    streams.set(app, stream);
    stream.write(`${line}\n`);
  };
}
