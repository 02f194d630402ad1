import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { TimeoutError } from '@nats-io/transport-node';
import { needingRights, refusedRight } from './missing-rights.js';
import { RefusedSetupError } from './refused-setup.js';
import type { StreamCheck } from './stream-check.js';
import { declaredConfig, DEFAULT_STREAM_SETTINGS, type StreamSettings } from './stream-settings.js';

export interface StreamSpec {
  readonly name: string;
  readonly subjects: readonly string[];
  /** Default: {@link DEFAULT_STREAM_SETTINGS}. */
  readonly settings?: StreamSettings;
  /** Compares the stream with what is declared each time that it is looked up. Default: no check. */
  readonly check?: StreamCheck;
}

/** Error codes of the server (server/errors.json in nats-server) for a stream that cannot be created, and what to do. */
const REFUSED_CREATIONS: Record<number, string> = {
  10002: 'the NATS account allows too little storage: lower NATS_STREAM_MAX_BYTES, or raise its limit',
  10005: 'no servers match NATS_STREAM_REPLICAS and NATS_STREAM_PLACEMENT_*',
  10047: 'the servers have too little storage: lower NATS_STREAM_MAX_BYTES, or add storage',
  10065: 'another stream has its subjects: delete that one, or give it other subjects',
  10074: 'NATS_STREAM_REPLICAS above 1 needs a cluster',
  10113: 'the NATS account requires a limit: set NATS_STREAM_MAX_BYTES',
};
const NAME_IN_USE = 10058;
/** JetStream, or the servers of a stream, have no leader at the moment. */
export const NOT_AVAILABLE = 10008;

/**
 * Looks the stream up and creates it when it is missing. An existing stream stays unchanged.
 *
 * @throws {RefusedSetupError} when it cannot be created as declared, when NATS does not allow that, or when the spec's
 *   check refuses it
 * @throws {Error} when JetStream or the servers that store the stream do not answer
 */
export async function ensureStream(manager: JetStreamManager, spec: StreamSpec): Promise<StreamInfo> {
  try {
    const info = (await findStream(manager, spec)) ?? (await createStream(manager, spec));
    spec.check?.accept(info);
    return info;
  } catch (error) {
    const refusal = refusedRight(error);
    if (refusal) spec.check?.refuse(refusal);
    throw refusal ?? error;
  }
}

/**
 * The state of the stream; undefined when there is none.
 *
 * @throws {Error} which says so when JetStream knows the stream but the servers that store it do not answer
 */
export async function findStream(
  manager: JetStreamManager,
  { name }: Pick<StreamSpec, 'name'>,
): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.StreamNotFound)) return undefined;
    const isSilent = error instanceof TimeoutError || isApiError(error, NOT_AVAILABLE);
    if (isSilent && (await isKnown(manager, name)))
      throw new Error(
        `stream ${name}: the servers that store it do not answer. Start them again; if they are gone for good, ` +
          'the command `stream recreate --force` of its producer makes it anew and loses no event of the log',
        { cause: error },
      );
    throw error;
  }
}

/** Creates the stream; another process may do the same at the same time. */
export async function createStream(manager: JetStreamManager, spec: StreamSpec): Promise<StreamInfo> {
  const { name, subjects, settings = DEFAULT_STREAM_SETTINGS } = spec;
  try {
    const adding = manager.streams.add({ name, ...declaredConfig(subjects, settings) });
    return await needingRights(
      adding,
      `there is no stream ${name}: make it by \`stream apply\` of its producer`,
    );
  } catch (error) {
    if (isApiError(error, NAME_IN_USE)) return manager.streams.info(name);
    const advice = error instanceof JetStreamApiError ? REFUSED_CREATIONS[error.code] : undefined;
    if (advice === undefined) throw error;
    throw new RefusedSetupError(`stream ${name} cannot be created: ${advice}`, { cause: error });
  }
}

async function isKnown(manager: JetStreamManager, name: string): Promise<boolean> {
  for await (const known of manager.streams.names()) if (known === name) return true;
  return false;
}

/** True when `error` is a JetStream API error with this code. */
export function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}
