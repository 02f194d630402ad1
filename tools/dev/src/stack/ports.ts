import { createServer } from 'node:net';
import { Problem } from '../../bootstrap/problem.mjs';

export interface WantedPort {
  /** Who will listen there, for messages. */
  what: string;
  port: number;
  /** The environment variable that changes it. */
  variable: string;
}

/** The ports of `npm start` and the variables that change them. */
const DEFAULTS = [
  { key: 'gateway', what: 'gateway', variable: 'GATEWAY_PORT', port: 3000 },
  { key: 'gatewayManagement', what: 'gateway management', variable: 'GATEWAY_MANAGEMENT_PORT', port: 9100 },
  { key: 'orders', what: 'orders gRPC', variable: 'ORDERS_GRPC_PORT', port: 50051 },
  { key: 'ordersManagement', what: 'orders management', variable: 'ORDERS_MANAGEMENT_PORT', port: 9101 },
  { key: 'fulfillment', what: 'fulfillment', variable: 'FULFILLMENT_PORT', port: 3002 },
  {
    key: 'fulfillmentManagement',
    what: 'fulfillment management',
    variable: 'FULFILLMENT_MANAGEMENT_PORT',
    port: 9102,
  },
  { key: 'issuer', what: 'dev issuer', variable: 'ISSUER_PORT', port: 3003 },
] as const;

export type SystemPorts = Record<(typeof DEFAULTS)[number]['key'], number>;

/**
 * The ports of `npm start`, as the environment has them.
 * @throws Problem naming the variable when a value is no port, or two are the same
 */
export function portsFrom(env: NodeJS.ProcessEnv): WantedPort[] & { byKey: SystemPorts } {
  const wanted = DEFAULTS.map(({ what, variable, port }) => ({
    what,
    variable,
    port: parsePort(variable, env[variable], port),
  }));
  for (const [index, { port, variable }] of wanted.entries()) {
    const twin = wanted.slice(0, index).find((other) => other.port === port);
    if (twin)
      throw new Problem(`${twin.variable} and ${variable} are both ${port}: give them different ports.`);
  }
  const byKey = Object.fromEntries(
    DEFAULTS.map(({ key }, index) => [key, wanted[index]?.port]),
  ) as SystemPorts;
  return Object.assign(wanted, { byKey });
}

/** Free ports for every part of the system, for tests. */
export async function freeSystemPorts(): Promise<SystemPorts> {
  const ports = await freePorts(DEFAULTS.length);
  return Object.fromEntries(DEFAULTS.map(({ key }, index) => [key, ports[index]])) as SystemPorts;
}

function parsePort(variable: string, value: string | undefined, fallback: number): number {
  if (value === undefined || value === '') return fallback;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Problem(`${variable} must be a port from 1 to 65535, not "${value}".`);
  return port;
}

/** @throws Problem with one line for each port that cannot be had */
export async function assertPortsFree(wanted: readonly WantedPort[]): Promise<void> {
  const complaints = await Promise.all(
    wanted.map(async ({ what, port, variable }) => {
      const code = await tryListen(port);
      if (code === undefined) return [];
      const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
      return [`Port ${port} (${what}) ${why}: set ${variable} to another one.`];
    }),
  );
  const lines = complaints.flat();
  if (lines.length > 0) throw new Problem(lines.join('\n✗ '));
}

/** Not given twice by one process, though nobody listens there yet. */
const handedOut = new Set<number>();

/**
 * Free ports of 127.0.0.1, all different. They come from below the range that the system gives to outgoing connections:
 * a client that retries a stopped server there could otherwise connect to itself and keep the port from the server.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if ((await tryListen(port)) === undefined) found.add(port);
  }
  return [...found];
}

/** The error code when nobody can listen there; undefined when the port is free. */
function tryListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}
