import { OPERATOR, PROVISIONER } from '@orders/contracts';
import { askNats, ConsumerAdmin, natsConfig, oneNatsUser, withNats } from '@orders/messaging';
import {
  type Cli,
  type Command,
  loadConfig,
  parseCli,
  readTls,
  tlsConfig,
  UsageError,
} from '@orders/service';
import { z } from 'zod';
import type { EventHandler } from './event-handler.js';
import { subjectsByStream } from './start-consumer.js';

const USAGE = `consumer ACTION: the durable consumers of this app, one for each stream
  consumer show               how far they are, and what differs from what the app declares; the app changes that at
                              its start where it can
  consumer apply              make them, or change them as show says: for an app that may not do that itself
  consumer recreate --force   delete them; the running app creates them anew and reads the streams from the start;
                              its inbox ignores the events that it knows`;

export interface ConsumerCommandOptions {
  /** The app, whose name its durable consumers have. */
  name: string;
  handlers: readonly EventHandler[];
}

/** The operators' command `consumer`: shows the durable consumers of the app, or has them made anew. */
export function consumerCommand({ name, handlers }: ConsumerCommandOptions): Command {
  return {
    name: 'consumer',
    usage: USAGE,
    run: async (args, cli) => {
      const action = actionOf(args);
      const config = loadConfig(z.object({ ...natsConfig, ...tlsConfig }).superRefine(oneNatsUser));
      const tls = await readTls(config);
      const user = action === 'apply' ? PROVISIONER : OPERATOR;
      return withNats({ config, tls, user, name: `${name}-cli` }, async (link) => {
        for (const { stream, subjects } of subjectsByStream(name, handlers)) {
          const admin = new ConsumerAdmin(link, { stream, durable: name, owner: name, subjects });
          await askNats(() => ACTIONS[action](admin, `${name} on ${stream.name}`, cli.print));
        }
        return 0;
      });
    },
  };
}

const ACTIONS = { show, apply, recreate };

function isAction(action: string | undefined): action is keyof typeof ACTIONS {
  return action !== undefined && Object.hasOwn(ACTIONS, action);
}

/** @throws {UsageError} when the arguments are invalid */
function actionOf(args: string[]): keyof typeof ACTIONS {
  const { values, positionals } = parseCli({
    args,
    allowPositionals: true,
    options: { force: { type: 'boolean', default: false } },
  });
  const [action, ...others] = positionals;
  if (!isAction(action) || others.length > 0)
    throw new UsageError(`${positionals.join(' ') || 'no action'}: expected show, apply or recreate`);
  if (action === 'recreate' && !values.force)
    throw new UsageError('consumer recreate delivers all events of the stream again: add --force');
  return action;
}

async function show(admin: ConsumerAdmin, what: string, print: Cli['print']): Promise<void> {
  const report = await admin.report();
  if (!report) return print(`${what}: does not exist; the app, or consumer apply, creates it`);
  const { waiting, open, isPaused, differences, incomplete } = report;
  print(
    `${what}: ${waiting} events wait, ${open} are delivered and not acked${isPaused ? '; it is paused' : ''}`,
  );
  for (const difference of differences) print(`${what}: ${difference}`);
  for (const subject of incomplete)
    print(`${what}: has passed over events of ${subject}; the app reads them`);
}

async function apply(admin: ConsumerAdmin, what: string, print: Cli['print']): Promise<void> {
  await admin.apply();
  print(`${what}: as declared`);
}

async function recreate(admin: ConsumerAdmin, what: string, print: Cli['print']): Promise<void> {
  await admin.delete();
  print(`${what}: deleted; the app creates it anew`);
}
