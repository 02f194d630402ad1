import type { StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { type DeclaredConfig, STREAM_MAX_AGE_RANGE_MS } from './stream-settings.js';
import { covers } from './subjects.js';

/** A setting of a stream that is not as declared. */
export interface StreamDifference {
  readonly setting: keyof StreamConfig;
  readonly actual: unknown;
  readonly declared: unknown;
  /** Which harm it does; undefined = none. */
  readonly harm: string | undefined;
}

interface Rule {
  readonly setting: keyof StreamConfig;
  /** Default: the values are equal. */
  readonly fits?: (actual: StreamConfig, declared: DeclaredConfig) => boolean;
  /** Default: none. */
  readonly harm?: string;
}

const isUnlimited = (limit: number | undefined): boolean => limit === undefined || limit <= 0;
const isAbsent = (value: unknown): boolean =>
  !value || (typeof value === 'object' && Object.keys(value).length === 0);

/** The first rule of a setting that does not fit decides. Servers leave out what is off, and later versions add settings. */
const RULES: readonly Rule[] = [
  {
    setting: 'subjects',
    fits: (actual, { subjects }) => subjects.every((subject) => hasSubject(actual, subject)),
    harm: 'events with a missing subject cannot be published',
  },
  { setting: 'storage', harm: 'a server that restarts loses all events' },
  { setting: 'retention', harm: 'events are deleted before every consumer has read them' },
  { setting: 'discard', harm: 'a full stream drops its oldest events' },
  {
    setting: 'max_msgs_per_subject',
    fits: (actual) => isUnlimited(actual.max_msgs_per_subject),
    harm: 'older events of a subject are dropped',
  },
  {
    setting: 'max_msg_size',
    fits: (actual) => isUnlimited(actual.max_msg_size),
    harm: 'a larger event can never be published and holds up all events after it',
  },
  {
    setting: 'max_age',
    fits: ({ max_age: age }, declared) => age === 0 || age >= declared.max_age,
    harm: 'events are dropped too early',
  },
  {
    setting: 'max_age',
    fits: ({ max_age: age }) => age > 0 && age <= nanos(STREAM_MAX_AGE_RANGE_MS.max),
    harm: 'events stay longer than inboxes remember them: one that is read again takes effect again',
  },
  {
    setting: 'duplicate_window',
    fits: (actual, declared) => actual.duplicate_window >= declared.duplicate_window,
    harm: 'an event that is sent again later is stored twice',
  },
  { setting: 'no_ack', fits: (actual) => isAbsent(actual.no_ack), harm: 'no publish is acked' },
  { setting: 'sealed', fits: (actual) => isAbsent(actual.sealed), harm: 'it takes no events' },
  { setting: 'mirror', fits: (actual) => isAbsent(actual.mirror), harm: 'it takes no events' },
  {
    setting: 'subject_transform',
    fits: (actual) => isAbsent(actual.subject_transform),
    harm: 'events get subjects that no consumer reads',
  },
  // Harmless.
  { setting: 'max_age' },
  {
    setting: 'subjects',
    fits: (actual, { subjects }) =>
      actual.subjects.every((subject) => subjects.some((one) => covers(one, subject))),
  },
  { setting: 'sources', fits: (actual) => isAbsent(actual.sources) },
  { setting: 'num_replicas' },
  {
    setting: 'max_bytes',
    fits: (actual, declared) => limitOf(actual.max_bytes) === limitOf(declared.max_bytes),
  },
  { setting: 'max_msgs', fits: (actual) => isUnlimited(actual.max_msgs) },
  { setting: 'deny_delete' },
  { setting: 'deny_purge' },
  { setting: 'placement', fits: (actual, declared) => isPlacedAs(actual, declared) },
];

/** The settings of a stream that are not as declared, each once. */
export function streamDifferences(actual: StreamConfig, declared: DeclaredConfig): StreamDifference[] {
  const found = new Map<string, StreamDifference>();
  for (const { setting, fits = isEqual(setting), harm } of RULES) {
    if (found.has(setting) || fits(actual, declared)) continue;
    found.set(setting, { setting, actual: actual[setting], declared: valueOf(declared, setting), harm });
  }
  return [...found.values()];
}

/** One line: `discard is old, declared new (a full stream drops its oldest events)`. */
export function describeDifference({ setting, actual, declared, harm }: StreamDifference): string {
  const values = `${setting} is ${inWords(setting, actual)}, declared ${inWords(setting, declared)}`;
  return harm === undefined ? values : `${values} (${harm})`;
}

function isEqual(setting: keyof StreamConfig): NonNullable<Rule['fits']> {
  return (actual, declared) => (actual[setting] ?? false) === (valueOf(declared, setting) ?? false);
}

function valueOf(declared: DeclaredConfig, setting: keyof StreamConfig): unknown {
  return (declared as Partial<StreamConfig>)[setting];
}

function hasSubject({ subjects = [] }: StreamConfig, subject: string): boolean {
  return subjects.some((one) => covers(one, subject));
}

function limitOf(limit: number): number {
  return isUnlimited(limit) ? -1 : limit;
}

function isPlacedAs({ placement: actual }: StreamConfig, { placement: declared }: DeclaredConfig): boolean {
  if (!declared) return true;
  const sorted = (tags: readonly string[] = []): string => [...tags].sort().join();
  return (
    (actual?.cluster ?? '') === (declared.cluster ?? '') && sorted(actual?.tags) === sorted(declared.tags)
  );
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

function inWords(setting: keyof StreamConfig, value: unknown): string {
  if (setting === 'max_age' || setting === 'duplicate_window') return durationInWords(value as number);
  if (setting.startsWith('max_') && isUnlimited(value as number)) return 'unlimited';
  if (Array.isArray(value))
    return value.every((one) => typeof one === 'string') ? value.join(' ') : `${value.length}`;
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none');
}

/** @param duration in ns; 0 = unlimited */
function durationInWords(duration: number): string {
  if (duration === 0) return 'unlimited';
  const seconds = duration / 1e9;
  const [unit, size] = UNITS.find(([, length]) => seconds % length === 0) ?? ['s', 1];
  return `${seconds / size} ${unit}`;
}
