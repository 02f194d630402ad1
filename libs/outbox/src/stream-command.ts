import { OPERATOR, PROVISIONER, streamOf } from '@orders/contracts';
import {
  askNats,
  describeDifference,
  natsConfig,
  oneNatsUser,
  StreamAdmin,
  streamConfig,
  type StreamDifference,
  streamSettings,
  withNats,
  WouldDeleteError,
} from '@orders/messaging';
import {
  type Cli,
  CliError,
  type Command,
  loadConfig,
  parseCli,
  readTls,
  tlsConfig,
  UsageError,
} from '@orders/service';
import { z } from 'zod';

const USAGE = `stream ACTION: the stream that this app publishes to, as NATS_STREAM_* and the app declare it
  stream show                 what differs from that; exit code 1 when it breaks the delivery promise
  stream apply                create it, or change in place what differs
      --force                 also when a lower limit deletes stored events
  stream recreate --force     delete it with all its events and create it anew; the relay then publishes what the
                              log has, and inboxes ignore the events that they know`;

export interface StreamCommandOptions {
  /** The app, which is the producer. */
  name: string;
  /** Types of the events that the app publishes; at least one, all of the same stream. */
  events: readonly string[];
}

/** The operators' command `stream`: compares the app's stream with what is declared, changes it, or makes it anew. */
export function streamCommand({ name, events }: StreamCommandOptions): Command {
  return {
    name: 'stream',
    usage: USAGE,
    run: async (args, cli) => {
      const request = streamRequest(args);
      const variables = { ...natsConfig, ...streamConfig, ...tlsConfig };
      const config = loadConfig(z.object(variables).superRefine(oneNatsUser));
      const tls = await readTls(config);
      const spec = { ...streamOf(events[0]!), settings: streamSettings(config) };
      const user = request.action === 'apply' ? PROVISIONER : OPERATOR;
      return withNats({ config, tls, user, name: `${name}-cli` }, (link) =>
        askNats(() => runRequest(request, spec.name, { ...cli, admin: new StreamAdmin(link, spec) })),
      );
    },
  };
}

interface StreamRequest {
  readonly action: 'show' | 'apply' | 'recreate';
  readonly force: boolean;
}

/** @throws {UsageError} when the arguments are invalid */
function streamRequest(args: string[]): StreamRequest {
  const { values, positionals } = parseCli({
    args,
    allowPositionals: true,
    options: { force: { type: 'boolean', default: false } },
  });
  const [action, ...others] = positionals;
  const isKnown = action === 'show' || action === 'apply' || action === 'recreate';
  if (!isKnown || others.length > 0)
    throw new UsageError(`${positionals.join(' ') || 'no action'}: expected show, apply or recreate`);
  if (action === 'recreate' && !values.force)
    throw new UsageError('stream recreate deletes all events of the stream: add --force');
  return { action, force: values.force };
}

async function runRequest(
  { action, force }: StreamRequest,
  name: string,
  { admin, print, signal }: Pick<Cli, 'print' | 'signal'> & { admin: StreamAdmin },
): Promise<number> {
  switch (action) {
    case 'show': {
      const differences = await admin.differences();
      if (!differences) print(`there is no stream ${name}: its relay, or stream apply, creates it`);
      else printDifferences(differences, name, print);
      return exitCode(differences);
    }
    case 'apply': {
      const left = await admin.apply(force).catch(explain);
      printDifferences(left, name, print);
      return exitCode(left);
    }
    case 'recreate':
      if (await admin.recreate(signal)) print(`stream ${name} is new; the relay publishes what its log has`);
      else print(`stopped: stream ${name} may still be the old one, without its events; repeat the command`);
      return 0;
  }
}

function printDifferences(differences: readonly StreamDifference[], name: string, print: Cli['print']): void {
  if (differences.length === 0) print(`stream ${name} is as declared`);
  for (const difference of differences) print(`stream ${name}: ${describeDifference(difference)}`);
}

function exitCode(differences: readonly StreamDifference[] | undefined): number {
  return differences?.some(({ harm }) => harm !== undefined) ? 1 : 0;
}

function explain(cause: unknown): never {
  const why = cause instanceof Error ? cause.message : String(cause);
  const advice =
    cause instanceof WouldDeleteError ? 'add --force' : 'stream recreate --force makes the stream anew';
  throw new CliError(`Nothing changed: ${why}; ${advice}`, 1, { cause });
}
