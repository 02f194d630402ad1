import {
  JetStreamApiCodes,
  type JetStreamManager,
  jetstreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { TimeoutError } from '@nats-io/transport-node';
import { sleep } from '@orders/resilience';
import type { NatsLink } from './nats-link.js';
import { createStream, findStream, isApiError, NOT_AVAILABLE, type StreamSpec } from './stream.js';
import { type StreamDifference, streamDifferences } from './stream-differences.js';
import { declaredConfig, DEFAULT_STREAM_SETTINGS } from './stream-settings.js';

/** An election takes a few seconds; after this JetStream has no quorum, in ms. */
const ELECTION_LIMIT_MS = 30_000;
const ELECTION_PAUSE_MS = 500;

/** Changes that were not made, because they would delete stored events. */
export class WouldDeleteError extends Error {
  override readonly name = 'WouldDeleteError';
}

/** What operators do to the stream of a producer. All reject when NATS is unreachable. */
export class StreamAdmin {
  private readonly declared;

  constructor(
    private readonly link: NatsLink,
    private readonly spec: StreamSpec,
  ) {
    this.declared = declaredConfig(spec.subjects, spec.settings ?? DEFAULT_STREAM_SETTINGS);
  }

  /** How the stream differs from what is declared; undefined when there is no stream. */
  async differences(): Promise<StreamDifference[] | undefined> {
    const info = await findStream(await this.manager(), this.spec);
    return info && streamDifferences(info.config, this.declared);
  }

  /**
   * Creates the stream when it is missing; otherwise changes what differs, in place. Subjects are only added.
   *
   * @param force also when that deletes stored events, because a limit becomes lower
   * @returns what still differs afterwards: older servers ignore settings that they do not know
   * @throws {WouldDeleteError} without `force`
   * @throws {JetStreamApiError} when the server refuses a change: some settings cannot be changed
   */
  async apply(force: boolean): Promise<StreamDifference[]> {
    const manager = await this.manager();
    const info = await findStream(manager, this.spec);
    if (!info) await createStream(manager, this.spec);
    else await this.change(manager, info.config, force);
    return (await this.differences()) ?? [];
  }

  /**
   * Deletes the stream and creates it anew, empty. Its relay then publishes what the outbox log keeps. Works for a stream
   * whose servers are gone for good, too.
   *
   * @param signal ends it after the request under way
   * @param limitMs how long it tries again while a cluster has no leader, in ms. Default 30 000
   * @returns false when the signal has ended it: the stream may be the old one
   * @throws {Error} when the stream is still the old one after that time
   */
  async recreate(signal: AbortSignal, limitMs = ELECTION_LIMIT_MS): Promise<boolean> {
    const giveUpAt = performance.now() + limitMs;
    const isOver = () => performance.now() > giveUpAt;
    let old: StreamInfo | undefined;
    while (!signal.aborted) {
      try {
        old ??= await this.lookUp();
        const found = await this.replace();
        if (isNew(found, old)) return true;
        old = found;
        if (isOver()) throw new Error(`stream ${this.spec.name} is still the old one, nobody deletes it`);
      } catch (error) {
        if (!isPassing(error) || isOver()) throw error;
      }
      await sleep(ELECTION_PAUSE_MS, signal);
    }
    return false;
  }

  /** undefined when there is no stream, or when nobody knows. */
  private async lookUp(): Promise<StreamInfo | undefined> {
    const manager = await this.manager();
    return manager.streams.info(this.spec.name).catch(() => undefined);
  }

  /** @returns the new stream, or the old one: when nobody has confirmed, or taken, the request to delete it */
  private async replace(): Promise<StreamInfo> {
    const manager = await this.manager();
    try {
      await manager.streams.delete(this.spec.name);
    } catch (error) {
      // The servers that store it confirm the deletion: when they are gone, nobody does.
      const isDone = error instanceof TimeoutError || isApiError(error, JetStreamApiCodes.StreamNotFound);
      if (!isDone) throw error;
    }
    return createStream(manager, this.spec);
  }

  private async change(manager: JetStreamManager, actual: StreamConfig, force: boolean): Promise<void> {
    const settings = streamDifferences(actual, this.declared).map(({ setting }) => setting);
    if (settings.length === 0) return;
    const lowered = settings.filter((setting) => isLower(setting, actual, this.declared));
    if (lowered.length > 0 && !force)
      throw new WouldDeleteError(`a lower ${lowered.join(' and ')} deletes stored events`);
    const wanted = { ...this.declared, subjects: withMissing(actual.subjects, this.declared.subjects) };
    const changes = settings.map((setting) => [setting, (wanted as Partial<StreamConfig>)[setting]] as const);
    await manager.streams.update(this.spec.name, Object.fromEntries(changes));
  }

  private async manager(): Promise<JetStreamManager> {
    return jetstreamManager(await this.link.connection());
  }
}

/** When the old one could not be looked up, only an empty stream is taken for a new one. */
function isNew({ created, state }: StreamInfo, old: StreamInfo | undefined): boolean {
  return old ? created !== old.created : state.last_seq === 0;
}

/** JetStream has no leader at the moment. */
function isPassing(error: unknown): boolean {
  return error instanceof TimeoutError || isApiError(error, NOT_AVAILABLE);
}

/** Whether the change lowers a limit; 0 and -1 are no limit. */
function isLower(
  setting: keyof StreamConfig,
  actual: StreamConfig,
  declared: Partial<StreamConfig>,
): boolean {
  if (setting !== 'max_age' && setting !== 'max_bytes') return false;
  const [before, after] = [actual[setting], declared[setting] ?? -1];
  return after > 0 && (before <= 0 || after < before);
}

function withMissing(actual: readonly string[], declared: readonly string[]): string[] {
  return [...new Set([...actual, ...declared])];
}
