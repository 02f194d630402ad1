import { AckPolicy, type ConsumerConfig, DeliverPolicy, ReplayPolicy } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { RefusedSetupError } from './refused-setup.js';
import { coveringFilter, covers } from './subjects.js';

/** The metadata key under which a durable consumer names the app that created it. */
const OWNER_KEY = 'app';
/** The metadata key of the subjects of which the durable has passed no event over, separated by spaces. */
const COMPLETE_KEY = 'complete-subjects';

/** What a reader declares about its durable consumer. */
export interface DurableDeclaration {
  readonly owner?: string | undefined;
  readonly subjects: readonly string[];
  readonly ackWaitMs: number;
  readonly maxAckPending: number;
  /** The server deletes the durable after this time without a reader, in ms; 0 = never. */
  readonly inactiveThresholdMs: number;
}

/** The declared settings that can be changed in place. */
function changeableSettings(declaration: DurableDeclaration) {
  return {
    filter_subject: coveringFilter(declaration.subjects),
    ack_wait: nanos(declaration.ackWaitMs),
    max_ack_pending: declaration.maxAckPending,
    max_deliver: -1,
    inactive_threshold: nanos(declaration.inactiveThresholdMs),
    headers_only: false,
  } satisfies Partial<ConsumerConfig>;
}

/** The settings of a new durable. It starts at the beginning of the stream, so it passes nothing over. */
export function newDurable(declaration: DurableDeclaration) {
  return {
    ...changeableSettings(declaration),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    metadata: metadataOf(declaration, declaration.subjects),
  } satisfies Partial<ConsumerConfig>;
}

/** Settings that cannot be changed in place, and the harm that other ones do. */
const FIXED = [
  ['ack_policy', AckPolicy.Explicit, 'events count as processed before they have taken effect'],
  ['deliver_policy', DeliverPolicy.All, 'it does not begin with the first event'],
  ['replay_policy', ReplayPolicy.Instant, 'events arrive as slowly as they were published'],
  ['deliver_subject', undefined, 'a push consumer cannot be read in batches'],
] as const;

/** @throws {RefusedSetupError} when a setting breaks the delivery promise and cannot be changed in place */
export function assertReadable(durable: string, config: ConsumerConfig): void {
  const list = fixedDifferences(config);
  if (list.length === 0) return;
  throw new RefusedSetupError(
    `durable consumer ${durable}: ${list.join('; ')}. The command \`consumer recreate --force\` of its app makes it ` +
      'anew: it reads the stream from the start, and the inbox ignores the events that it knows',
  );
}

/** One line for each setting that is not as declared. */
export function durableDifferences(config: ConsumerConfig, declaration: DurableDeclaration): string[] {
  const wanted = Object.entries(changeableSettings(declaration));
  const changeable = wanted.filter(([setting, value]) => !isSame(config, setting, value));
  return [
    ...fixedDifferences(config),
    ...changeable.map(
      ([setting, value]) => `${setting} is ${String(valueIn(config, setting))}, declared ${value}`,
    ),
  ];
}

/** The update that makes an existing durable as declared; undefined when it is. Its position is kept. */
export function durableUpdate(
  config: ConsumerConfig,
  declaration: DurableDeclaration,
): Partial<ConsumerConfig> | undefined {
  const wanted = changeableSettings(declaration);
  const metadata = metadataOf(declaration, completeSubjects(config, declaration.subjects));
  const isDeclared =
    Object.entries(wanted).every(([setting, value]) => isSame(config, setting, value)) &&
    Object.entries(metadata).every(([key, value]) => config.metadata?.[key] === value) &&
    !config.filter_subjects &&
    !config.backoff;
  // A backoff would take the place of ack_wait.
  return isDeclared ? undefined : { ...wanted, metadata, filter_subjects: [], backoff: [] };
}

/** True when the durable delivers all that the reader wants, whatever else it delivers. */
export function deliversAll(config: ConsumerConfig, { owner, subjects }: DurableDeclaration): boolean {
  const isOwned = owner === undefined || ownerOf(config) === owner;
  return isOwned && subjects.every((subject) => isFiltered(config, subject));
}

/**
 * Those of the subjects of which the durable has passed no event over. A server never delivers what a filter has passed
 * over, however wide the filter becomes. A durable of a version that did not record it counts as complete.
 */
export function completeSubjects(config: ConsumerConfig, subjects: readonly string[]): string[] {
  const recorded = config.metadata?.[COMPLETE_KEY]?.split(' ');
  return subjects.filter((subject) => {
    const isRecorded = recorded?.some((complete) => covers(complete, subject)) ?? true;
    return isRecorded && isFiltered(config, subject);
  });
}

/** The app that created the durable; undefined when that is not recorded. */
export function ownerOf({ metadata }: ConsumerConfig): string | undefined {
  return metadata?.[OWNER_KEY];
}

/** The metadata that records the owner and the complete subjects. */
export function metadataOf(
  { owner }: Pick<DurableDeclaration, 'owner'>,
  complete: readonly string[],
): Record<string, string> {
  return { ...(owner !== undefined && { [OWNER_KEY]: owner }), [COMPLETE_KEY]: complete.join(' ') };
}

function fixedDifferences(config: ConsumerConfig): string[] {
  return FIXED.filter(([setting, wanted]) => config[setting] !== wanted).map(([setting, wanted, harm]) => {
    return `${setting} is ${config[setting]}, declared ${wanted ?? 'none'} (${harm})`;
  });
}

/** Servers leave out what is 0, false or empty. */
function isSame(config: ConsumerConfig, setting: string, value: unknown): boolean {
  return (valueIn(config, setting) || 0) === (value || 0);
}

function valueIn(config: ConsumerConfig, setting: string): unknown {
  return (config as unknown as Record<string, unknown>)[setting];
}

function isFiltered(
  { filter_subject: only, filter_subjects: several }: ConsumerConfig,
  subject: string,
): boolean {
  const filters = several ?? [only || '>'];
  return filters.some((filter) => covers(filter, subject));
}
