import { join } from 'node:path';
import { createProgress } from '../bootstrap/progress.mjs';
import { parseArguments, runTool } from './command-line.ts';
import { keepRunning } from './keep-running.ts';
import { MergedLog } from './merged-log.ts';
import { killAllChildren } from './stack/child.ts';
import { APPS, EVERY_APP } from './stack/declarations.ts';
import { DEMO_CUSTOMER, OPS_SCOPES } from './stack/issuer.ts';
import { observed } from './stack/observing.ts';
import { LOCAL } from './stack/paths.ts';
import { assertPortsFree, portsFrom } from './stack/ports.ts';
import { endLeftovers } from './stack/run-state.ts';
import { startSystem, type System } from './stack/system.ts';
import { startLock } from './start-lock.ts';
import { stopOnSignals } from './stop-signals.ts';
import { welcome } from './welcome.ts';

const USAGE = `npm start: runs the whole system until Ctrl-C; the data stays in .local
  -- --observe                 with traces, and with a page that tells where an order is and what flows now
  -- --insecure                without TLS between the processes, to look at gRPC and NATS with tools of your own
  DATABASE_URL, NATS_URL       use these servers instead of embedded ones
  POSTGRES_VERSION             major version of the embedded Postgres: 15 to 18 (default)
  GATEWAY_PORT, ISSUER_PORT …  other ports; README.md names the variables`;

/** The subject of the token that the page gets. */
const OPERATOR = 'operator';

const NATS_CREDENTIALS = /^NATS_(USER|PASSWORD|TOKEN|NKEY_SEED_FILE|CREDS_FILE|CA_FILE)$/;

interface StartOptions {
  insecure: boolean;
  observe: boolean;
}

await runTool({ usage: USAGE, parse: parseOptions }, main);
process.exit(); // a client that gave up on a silent server keeps its connection open, and so the process alive

function parseOptions(args: string[]): StartOptions {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArguments({ args, options: { insecure: flag, observe: flag } });
  return values;
}

/** `npm start`: runs the whole system until a stop signal. */
async function main(options: StartOptions): Promise<number> {
  const lock = await startLock();
  const stopped = stopOnSignals({ onSecond: killAllChildren });
  stopped.addEventListener('abort', () => lock.stopping());
  try {
    return await runUntil(options, stopped);
  } finally {
    lock.release();
  }
}

async function runUntil(options: StartOptions, stopped: AbortSignal): Promise<number> {
  const colours = process.stdout.isTTY && !process.env.NO_COLOR;
  const log = new MergedLog(process.stdout, colours);
  const system = await startUnlessStopped(options, log, stopped);
  if (!system) return 130;
  stopped.addEventListener('abort', () => log.event('system', 'stopping (once more to force)'));
  await keepRunning(system, stopped, async () => {
    const tokens = { api: await system.token(DEMO_CUSTOMER), page: await system.token(OPERATOR, OPS_SCOPES) };
    process.stdout.write(welcome(system, tokens, colours));
    log.release();
  });
  log.event('system', 'stopped; the orders are kept in .local, npm run reset wipes them');
  return 0;
}

async function startUnlessStopped(
  options: StartOptions,
  log: MergedLog,
  stopped: AbortSignal,
): Promise<System | undefined> {
  const progress = createProgress();
  try {
    return await start({ ...options, progress, log, signal: stopped });
  } catch (error) {
    if (!stopped.aborted) throw error;
    progress.log('Stopped before it was ready.');
    return undefined;
  } finally {
    progress.close();
  }
}

interface Starting extends StartOptions {
  progress: ReturnType<typeof createProgress>;
  log: MergedLog;
  signal: AbortSignal;
}

async function start({ insecure, observe, progress, log, signal }: Starting): Promise<System> {
  const apps = observe ? EVERY_APP : APPS;
  const { wanted, ports } = portsFrom(process.env, apps);
  const left = await endLeftovers(join(LOCAL, 'run.json'));
  if (left)
    progress.log(
      `The last start was killed: ${left.length > 0 ? `ended what it left, ${left.join(', ')}` : 'nothing of it is left'}.`,
    );
  await assertPortsFree(wanted);
  return startSystem({
    dataDir: LOCAL,
    apps,
    ports,
    databaseUrl: process.env.DATABASE_URL,
    natsUrl: process.env.NATS_URL,
    env: process.env.NATS_URL ? credentialsOf(process.env) : {},
    insecure,
    ...(observe && { rewire: observed }),
    onLine: (app, line) => log.line(app, line),
    onEvent: (app, text) => log.event(app, text),
    onServerEvent: (server, text) => log.event(server, text),
    steps: progress,
    signal,
  });
}

/** Of the servers that NATS_URL names; ours take the certificate of the app. */
function credentialsOf(shell: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(shell).filter(([name]) => NATS_CREDENTIALS.test(name));
  return Object.fromEntries(kept);
}
