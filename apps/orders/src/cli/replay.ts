import { EVENTS, replaySubject } from '@orders/contracts';
import {
  countReplay,
  type EventPublisher,
  hasLostEvents,
  LOG_START,
  type Place,
  type Queryable,
  replay,
  type ReplayRange,
} from '@orders/messaging';
import { Pace } from '@orders/resilience';
import { type Cli, CliError, parseCli } from '@orders/service';
import { randomUUID } from 'node:crypto';

export const REPLAY_USAGE =
  'replay --since TIME [--until TIME] [--subject orders.created] [--to CONSUMER] [--rate PER_SECOND] ' +
  '[--after PLACE] [--dry-run] [--yes]';

export interface ReplayRequest {
  readonly range: ReplayRange;
  readonly after: Place;
  /** One consumer only; undefined = everybody. */
  readonly to: string | undefined;
  readonly rate: number;
  readonly dryRun: boolean;
}

/** @throws {CliError} exit code 2 when the arguments make no sense */
export function replayRequest(args: string[], now: Date): ReplayRequest {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseCli(
    {
      args,
      options: {
        ...{ since: text, until: text, subject: text, to: text, after: text },
        ...{ rate: { ...text, default: '2000' }, 'dry-run': flag, yes: flag },
      },
    },
    REPLAY_USAGE,
  );
  const { subject, to, rate, yes, after } = values;
  if (values.since === undefined) throw new CliError(`--since is missing. Usage: ${REPLAY_USAGE}`, 2);
  const types = EVENTS.map(({ type }) => type);
  if (subject !== undefined && !types.includes(subject))
    throw new CliError(`--subject ${subject}: one of ${types.join(', ')}.`, 2);
  if (to !== undefined && !/^[\w-]+$/.test(to)) throw new CliError(`--to ${to}: the name of a consumer.`, 2);
  if (!(Number(rate) > 0)) throw new CliError(`--rate ${rate}: events a second, above 0.`, 2);
  const until = values.until === undefined ? now : toTime('--until', values.until);
  return {
    range: { since: toTime('--since', values.since), until, subject },
    ...{ after: after === undefined ? LOG_START : toPlace(after), to, rate: Number(rate) },
    dryRun: !yes || values['dry-run'],
  };
}

export type ReplayTools = Pick<Cli, 'print' | 'progress' | 'signal'> & {
  db: Queryable;
  publisher: EventPublisher;
};

/** Publishes kept events again, or tells how many that would be. */
export async function replayEvents(request: ReplayRequest, tools: ReplayTools): Promise<number> {
  const { range, after, to, rate, dryRun } = request;
  const { db, publisher, print, progress, signal } = tools;
  const { events, oldest, newest } = await countReplay(db, range, after);
  const between = oldest && newest ? `, recorded ${oldest.toISOString()} to ${newest.toISOString()}` : '';
  print(`${events} events${between}, to ${to ?? 'every consumer'}, at most ${rate} a second`);
  if (dryRun) print('dry run, nothing published: add --yes to do it');
  if (dryRun || events === 0) return 0;
  if (await hasLostEvents(db, await publisher.state()))
    throw new CliError('The stream has lost events; the relay publishes them again by itself: wait for it.');
  let place = after;
  try {
    const published = await replay({
      ...{ db, publisher, range, after, signal, run: randomUUID(), pace: new Pace(rate) },
      subjectOf: ({ subject }) => (to === undefined ? subject : replaySubject(to, subject)),
      // Small enough for an even flow at low rates.
      batchSize: Math.max(1, Math.min(256, Math.ceil(rate / 10))),
      onProgress: (done, at) => {
        place = at;
        progress.show(`${done} of ${events}, --after ${placeText(at)}`);
      },
    });
    progress.end();
    print(`${published} of ${events} events published${signal.aborted ? goOn(range, place) : ''}`);
    return 0;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`The replay stopped (${why})${goOn(range, place)}`, 1, { cause });
  }
}

function goOn({ until }: ReplayRange, place: Place): string {
  return `; to go on, repeat it with --until ${until.toISOString()} --after ${placeText(place)}`;
}

function placeText({ tx, position }: Place): string {
  return `${tx}/${position}`;
}

function toPlace(text: string): Place {
  const [, tx, position] = /^(\d{1,19})\/(\d{1,18})$/.exec(text) ?? [];
  if (tx === undefined || position === undefined)
    throw new CliError(`--after ${text}: a place as an interrupted replay prints it, 812/40023.`, 2);
  return { tx, position };
}

/** With a zone, so that it means the same everywhere. */
function toTime(option: string, text: string): Date {
  const time = new Date(text);
  if (!/T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || Number.isNaN(time.getTime()))
    throw new CliError(`${option} ${text}: a time with its zone, such as 2026-11-22T10:00:00Z.`, 2);
  return time;
}
