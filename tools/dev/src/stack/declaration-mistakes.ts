import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppDeclaration } from '@orders/contracts/declaration';
import { EVENTS } from '@orders/events';
import { ROOT } from './paths.ts';
import { ISSUER, portsOf, serviceOf } from './wiring.ts';

/** A declaration whose values are well-formed, and the name of its folder. */
export interface FoundApp {
  folder: string;
  declared: AppDeclaration;
}

/** The other apps. When two apps claim the same, the mistake is reported for the later one. */
interface Others {
  all: readonly AppDeclaration[];
  earlier: readonly AppDeclaration[];
}

/** Returns the mistakes of one app, each as `key: reason`. */
type Check = (app: AppDeclaration, others: Others) => string[];

const PROTOS = join(ROOT, 'libs/contracts/rpc/proto');
const EVENT_TYPES = new Set(EVENTS.map(({ type }) => type));

/**
 * Mistakes between declarations that are each well-formed: a line for each, with file, key and reason.
 * @param taken names that no app can have, each with its owner
 */
export function mistakesIn(apps: readonly FoundApp[], taken: ReadonlyMap<string, string>): string[] {
  const declared = apps.map(({ declared }) => declared);
  const wellNamed = apps
    .filter(({ folder, declared: { name } }) => name === folder)
    .map(({ declared }) => declared);
  return apps.flatMap((app, index) => {
    const others = {
      all: declared.toSpliced(index, 1),
      earlier: wellNamed.filter((other) => declared.indexOf(other) < index),
    };
    const misnamed = nameMistakes(app, others.all, taken);
    // The other checks name apps: with a wrong name they would accuse the wrong one.
    const found = misnamed.length > 0 ? misnamed : CHECKS.flatMap((check) => check(app.declared, others));
    return found.map((mistake) => `apps/${app.folder}/app.json: ${mistake}`);
  });
}

function nameMistakes(
  { folder, declared: { name } }: FoundApp,
  others: readonly AppDeclaration[],
  taken: ReadonlyMap<string, string>,
): string[] {
  if (others.some((other) => other.name === name) && name !== folder)
    return [`name: "${name}" is taken by apps/${name}; it must be "${folder}", as its folder`];
  if (name !== folder) return [`name: must be "${folder}", as its folder, not "${name}"`];
  const owner = taken.get(name);
  if (owner !== undefined) return [`name: "${name}" is taken by ${owner}`];
  // `orders-migrate` is the migration in compose, `orders-2` the second replica.
  if (/-(migrate|\d+)$/.test(name)) return [`name: "${name}" ends as a migration or a replica does`];
  return [];
}

const portMistakes: Check = (app, { earlier }) => {
  const inUse = new Map<number, string>([[ISSUER.port, `the port of the ${ISSUER.what}`]]);
  for (const other of earlier)
    for (const { kind, port } of portsOf(other)) inUse.set(port, `ports.${kind} of ${other.name} too`);
  return portsOf(app).flatMap(({ kind, port }) => {
    const use = inUse.get(port);
    inUse.set(port, `ports.${kind} too`);
    return use === undefined ? [] : [`ports.${kind}: ${port} is ${use}`];
  });
};

/** Every app that consumes events serves this, for itself. A call of it goes to all of them. */
const SERVED_BY_EACH = new Set(['inbox.v1.Inbox']);

const rpcMistakes: Check = ({ serves, calls, ports }, { all, earlier }) => [
  ...serves
    .filter((name) => !definedServices().has(name))
    .map((name) => `serves: ${name} is in no .proto of libs/contracts`),
  ...serves.flatMap((name) => {
    const twin = earlier.find((other) => other.serves.includes(name));
    return twin && !SERVED_BY_EACH.has(name) ? [`serves: ${name} is served by ${twin.name} too`] : [];
  }),
  ...calls
    .filter((call) => !all.some((other) => other.serves.includes(serviceOf(call))))
    .map((call) => `calls: ${serviceOf(call)} is served by no other app`),
  ...calls
    .filter((call) => call.includes('/') && !(definedServices().get(serviceOf(call))?.has(call) ?? true))
    .map((call) => `calls: ${call} is in no .proto of libs/contracts`),
  ...(serves.length > 0 && ports.grpc === undefined ? ['ports.grpc: is missing, though it serves'] : []),
  ...(serves.length === 0 && ports.grpc !== undefined ? ['ports.grpc: nothing is served there'] : []),
];

const eventMistakes: Check = ({ publishes, consumes }, { all, earlier }) => {
  const streams = [...new Set(publishes.map(streamWord))];
  const published = new Set([...publishes, ...all.flatMap((other) => other.publishes)]);
  return [
    ...publishes
      .filter((type) => !EVENT_TYPES.has(type))
      .map((type) => `publishes: ${type} is not among EVENTS of libs/contracts/events`),
    ...(streams.length > 1
      ? [`publishes: all must begin with the same word, not ${streams.join(' and ')}`]
      : []),
    ...streams.flatMap((word) => {
      const twin = earlier.find((other) => other.publishes.some((type) => streamWord(type) === word));
      return twin ? [`publishes: the stream of ${word}.* is that of ${twin.name} too`] : [];
    }),
    ...consumes
      .filter((type) => !published.has(type))
      .map((type) => `consumes: ${type} is published by nobody`),
  ];
};

const databaseMistakes: Check = ({ database, publishes, consumes }) => [
  ...(publishes.length > 0 && !database
    ? ['database: must be true for the outbox of what it publishes']
    : []),
  ...(consumes.length > 0 && !database ? ['database: must be true for the inbox of what it consumes'] : []),
];

const effectMistakes: Check = ({ effect, ports, database }) => [
  ...(effect && ports.http === undefined ? ['effect: needs ports.http to be shown at'] : []),
  ...(effect && !database ? ['effect: needs a database to be counted in'] : []),
];

const CHECKS = [portMistakes, rpcMistakes, eventMistakes, databaseMistakes, effectMistakes];

function streamWord(type: string): string {
  return type.slice(0, type.indexOf('.'));
}

/** The services of all .proto files, with their package, and the RPCs of each as `service/RPC`. */
function definedServices(): Map<string, Set<string>> {
  const files = readdirSync(PROTOS, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.proto'),
  );
  return new Map(
    files.flatMap((file) => {
      const text = readFileSync(join(PROTOS, file), 'utf8');
      const [, scope = ''] = /^package ([\w.]+);/m.exec(text) ?? [];
      return [...text.matchAll(/^service (\w+) \{(.*?)^\}/gms)].map(
        ([, name, body = '']): [string, Set<string>] => {
          const rpcs = [...body.matchAll(/^\s*rpc (\w+)/gm)].map(([, rpc]) => `${scope}.${name}/${rpc}`);
          return [`${scope}.${name}`, new Set(rpcs)];
        },
      );
    }),
  );
}
