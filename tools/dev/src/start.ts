import { join } from 'node:path';
import { createProgress } from '../bootstrap/progress.mjs';
import { noArguments, runTool } from './command-line.ts';
import { keepRunning } from './keep-running.ts';
import { MergedLog } from './merged-log.ts';
import { killAllChildren } from './stack/child.ts';
import { DEMO_CUSTOMER } from './stack/issuer.ts';
import { LOCAL } from './stack/paths.ts';
import { assertPortsFree, portsFrom } from './stack/ports.ts';
import { endLeftovers } from './stack/run-state.ts';
import { startSystem, type System } from './stack/system.ts';
import { startLock } from './start-lock.ts';
import { stopOnSignals } from './stop-signals.ts';
import { welcome } from './welcome.ts';

const USAGE = `npm start: runs the whole system until Ctrl-C; the data stays in .local
  DATABASE_URL, NATS_URL       use these servers instead of embedded ones
  POSTGRES_VERSION             major version of the embedded Postgres: 15 to 18 (default)
  GATEWAY_PORT, ISSUER_PORT …  other ports; README.md names the variables`;

await runTool({ usage: USAGE, parse: noArguments }, main);
process.exit(); // a client that gave up on a silent server keeps its connection open, and so the process alive

/** `npm start`: runs the whole system until a stop signal. */
async function main(): Promise<number> {
  const lock = await startLock();
  const stopped = stopOnSignals({ onSecond: killAllChildren });
  stopped.addEventListener('abort', () => lock.stopping());
  try {
    return await runUntil(stopped);
  } finally {
    lock.release();
  }
}

async function runUntil(stopped: AbortSignal): Promise<number> {
  const colours = process.stdout.isTTY && !process.env.NO_COLOR;
  const log = new MergedLog(process.stdout, colours);
  const system = await startUnlessStopped(log, stopped);
  if (!system) return 130;
  stopped.addEventListener('abort', () => log.event('system', 'stopping (once more to force)'));
  await keepRunning(system, stopped, async () => {
    process.stdout.write(welcome(system, await system.token(DEMO_CUSTOMER), colours));
    log.release();
  });
  log.event('system', 'stopped; the orders are kept in .local, npm run reset wipes them');
  return 0;
}

async function startUnlessStopped(log: MergedLog, stopped: AbortSignal): Promise<System | undefined> {
  const progress = createProgress();
  try {
    return await start(progress, log, stopped);
  } catch (error) {
    if (!stopped.aborted) throw error;
    progress.log('Stopped before it was ready.');
    return undefined;
  } finally {
    progress.close();
  }
}

async function start(
  progress: ReturnType<typeof createProgress>,
  log: MergedLog,
  signal: AbortSignal,
): Promise<System> {
  const { wanted, ports } = portsFrom(process.env);
  const left = await endLeftovers(join(LOCAL, 'run.json'));
  if (left)
    progress.log(
      `The last start was killed: ${left.length > 0 ? `ended what it left, ${left.join(', ')}` : 'nothing of it is left'}.`,
    );
  await assertPortsFree(wanted);
  return startSystem({
    dataDir: LOCAL,
    ports,
    databaseUrl: process.env.DATABASE_URL,
    natsUrl: process.env.NATS_URL,
    onLine: (app, line) => log.line(app, line),
    onEvent: (app, text) => log.event(app, text),
    onServerEvent: (server, text) => log.event(server, text),
    steps: progress,
    signal,
  });
}
