import { createServer } from 'node:net';
import { Problem } from '../../bootstrap/problem.mjs';
import { type AppDeclaration, APPS } from './declarations.ts';
import { type AppPorts, byName, ISSUER, portsOf } from './wiring.ts';

export interface WantedPort {
  /** The listener, for messages. */
  what: string;
  port: number;
  /** The environment variable that changes it. */
  variable: string;
}

export interface SystemPorts {
  issuer: number;
  apps: Record<string, AppPorts>;
}

/**
 * The ports of `npm start`: the declared ones, unless the environment has others.
 * @throws Problem naming the variable when a value is no port, or two are the same
 */
export function portsFrom(
  env: NodeJS.ProcessEnv,
  apps: readonly AppDeclaration[] = APPS,
): { wanted: WantedPort[]; ports: SystemPorts } {
  const wanted = [...apps.flatMap(portsOf), ISSUER].map(({ what, variable, port }) => ({
    what,
    variable,
    port: parsePort(variable, env[variable], port),
  }));
  for (const [index, { port, variable }] of wanted.entries()) {
    const twin = wanted.slice(0, index).find((other) => other.port === port);
    if (twin)
      throw new Problem(`${twin.variable} and ${variable} are both ${port}: give them different ports.`);
  }
  return {
    wanted,
    ports: systemPorts(
      apps,
      wanted.map(({ port }) => port),
    ),
  };
}

/** Free ports for every part of the system, for tests. */
export async function freeSystemPorts(apps: readonly AppDeclaration[] = APPS): Promise<SystemPorts> {
  return systemPorts(apps, await freePorts(apps.flatMap(portsOf).length + 1));
}

/** @param numbers of each port of each app, in their order, then of the issuer */
function systemPorts(apps: readonly AppDeclaration[], numbers: readonly number[]): SystemPorts {
  const left = [...numbers];
  const taken = (app: AppDeclaration): AppPorts =>
    Object.fromEntries(portsOf(app).map(({ kind }) => [kind, left.shift()])) as unknown as AppPorts;
  const own = byName(apps, taken);
  return { apps: own, issuer: left.shift() ?? 0 };
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

/** Ports already given out: this process gives none twice, even if nobody listens there yet. */
const handedOut = new Set<number>();

/**
 * Free ports of 127.0.0.1, all different. They come from below the range that the system uses for outgoing connections:
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
