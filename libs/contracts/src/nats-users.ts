// Tools run it from source: it imports our files by the name of their package.
import { catchUpDurable, replayFilter, streamOf } from '@orders/contracts/streams';
import type { AppDeclaration } from './declaration.js';

/** What an app declares about events. */
export type EventUser = Pick<AppDeclaration, 'name' | 'publishes' | 'consumes'>;

/** A user of nats-server. All that is not listed is refused: the lists are `allow` lists. */
export interface NatsUser {
  readonly name: string;
  /** Where it publishes: events, acks, and the calls of the JetStream API, which are requests. */
  readonly publish: readonly string[];
  /**
   * Where it also publishes to make its own stream and durables, at the start and after NATS has lost them. An app without
   * these rights waits for the provisioner, and tells so.
   */
  readonly provision: readonly string[];
  /** Where answers arrive. No user subscribes to events: consumers pull them. */
  readonly subscribe: readonly string[];
}

/** The user of all commands: `stream`, `consumer`, `replay`. */
export const OPERATOR = 'operator';
/** The user of the job that makes streams and durables: `stream apply` and `consumer apply`. */
export const PROVISIONER = 'provisioner';

/**
 * The subject below which a user gets answers. No user may subscribe to that of another, but the operator to that of the
 * provisioner: a command uses the one whose work it does, whoever runs it.
 */
export function inboxPrefix(user: string): string {
  return `_INBOX_${user}`;
}

/** The users of a system: one for each app that publishes or consumes, the operator and the provisioner. */
export function natsUsers(apps: readonly EventUser[]): NatsUser[] {
  const users = apps.filter(({ publishes, consumes }) => publishes.length + consumes.length > 0);
  return [...users.map(appUser), ...operatingUsers(users)];
}

/** What one app needs, and no more. */
function appUser(app: EventUser): NatsUser {
  const streams = streamsOf(app.publishes);
  const durables = durablesOf(app);
  const read = [...streams, ...durables.map(({ stream }) => stream)];
  return {
    name: app.name,
    publish: unique([
      ...app.publishes,
      ...(read.length > 0 ? [api('INFO'), api('STREAM.NAMES')] : []),
      ...read.flatMap((stream) => [api('STREAM.INFO', stream), api('STREAM.MSG.GET', stream)]),
      ...durables.flatMap(({ stream, name }) => [
        api('CONSUMER.INFO', stream, name),
        api('CONSUMER.MSG.NEXT', stream, name),
        `$JS.ACK.${stream}.${name}.>`,
      ]),
    ]),
    provision: unique([
      ...streams.map((stream) => api('STREAM.CREATE', stream)),
      ...durables.flatMap(({ stream, name }) => [
        ...makingDurable(stream, name),
        api('CONSUMER.DELETE', stream, name),
      ]),
    ]),
    subscribe: [`${inboxPrefix(app.name)}.>`],
  };
}

/**
 * The `permissions` of a user, for the configuration of nats-server, which takes JSON.
 *
 * @param provisions whether the user makes its stream and its durables itself
 */
export function permissionsOf({ publish, provision, subscribe }: NatsUser, provisions: boolean) {
  return {
    publish: { allow: [...publish, ...(provisions ? provision : [])] },
    subscribe: { allow: subscribe },
  };
}

function operatingUsers(apps: readonly EventUser[]): NatsUser[] {
  const streams = streamsOf(apps.flatMap(({ publishes, consumes }) => [...publishes, ...consumes]));
  const durables = apps.flatMap(durablesOf);
  const making = [
    ...[api('INFO'), api('STREAM.NAMES')],
    ...streams.flatMap((stream) =>
      ['INFO', 'CREATE', 'UPDATE'].map((action) => api(`STREAM.${action}`, stream)),
    ),
    ...durables.flatMap(({ stream, name }) => [
      api('CONSUMER.INFO', stream, name),
      ...makingDurable(stream, name),
    ]),
  ];
  const operating = [
    ...streams.flatMap((stream) => [api('STREAM.DELETE', stream), api('CONSUMER.LIST', stream)]),
    ...durables.map(({ stream, name }) => api('CONSUMER.DELETE', stream, name)),
    ...apps.flatMap(({ publishes }) => publishes),
    ...apps.flatMap(({ publishes }) => publishes.slice(0, 1).map((type) => replayFilter('*', type))),
  ];
  const inboxOf = (user: string) => `${inboxPrefix(user)}.>`;
  return [
    {
      ...{ name: OPERATOR, publish: unique([...making, ...operating]), provision: [] },
      subscribe: [inboxOf(OPERATOR), inboxOf(PROVISIONER)],
    },
    {
      ...{ name: PROVISIONER, publish: unique(making), provision: [] },
      subscribe: [inboxOf(PROVISIONER)],
    },
  ];
}

interface Durable {
  readonly stream: string;
  readonly name: string;
}

/** The durable of an app on each stream that it consumes, and the temporary ones of its catch-ups. */
function durablesOf({ name, consumes }: EventUser): Durable[] {
  return consumes.flatMap((type) => {
    const stream = streamOf(type).name;
    const subjects = [type, replayFilter(name, type)];
    const names = [name, ...subjects.map((subject) => catchUpDurable(name, subject))];
    return names.map((durable) => ({ stream, name: durable }));
  });
}

/** With its filter in the subject, or without: an update that removes settings has none. */
function makingDurable(stream: string, durable: string): string[] {
  return [`${api('CONSUMER.CREATE', stream, durable)}.>`, api('CONSUMER.DURABLE.CREATE', stream, durable)];
}

function streamsOf(types: readonly string[]): string[] {
  return unique(types.map((type) => streamOf(type).name));
}

function api(...parts: readonly string[]): string {
  return ['$JS.API', ...parts].join('.');
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
