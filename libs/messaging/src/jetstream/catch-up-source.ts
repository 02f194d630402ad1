import {
  type ConsumerInfo,
  JetStreamApiCodes,
  type JetStreamManager,
  jetstreamManager,
} from '@nats-io/jetstream';
import { catchUpDurable } from '@orders/contracts';
import { every, sleep } from '@orders/resilience';
import { type Delivery, EventSource } from '../message.js';
import { completeSubjects, metadataOf } from './durable-config.js';
import { JetStreamSource, type JetStreamSourceOptions } from './jetstream-source.js';
import { isApiError } from './stream.js';

const HOUR_MS = 60 * 60 * 1_000;

/** The durable that reads, from the start of the stream, what another one has passed over of a subject. */
export function temporaryDurable<T extends { durable: string; subject: string }>(options: T) {
  const { durable, subject } = options;
  return {
    ...options,
    durable: catchUpDurable(durable, subject),
    ...{ subjects: [subject], inactiveThresholdMs: 24 * HOUR_MS },
  };
}

export interface CatchUpSourceOptions extends JetStreamSourceOptions {
  /** The durable consumer that may have passed events over. Its other options are those of its own source. */
  readonly durable: string;
  /** The subject, or filter, of these events; one of `subjects`. */
  readonly subject: string;
  /**
   * Shortest time for which a catch-up reads, in ms. Until a rollout has ended, replicas of the version before take events
   * of the new subject from the durable and do not process them. Default one hour.
   */
  readonly overlapMs?: number;
  /** Time between two checks whether a catch-up has to begin or is done, in ms. Default 60 000. */
  readonly checkMs?: number;
}

/**
 * Delivers the events of a subject that a durable consumer has passed over, because its reader did not want that subject
 * before. The server never delivers them, so a temporary durable reads them from the start of the stream. It also
 * delivers events that the reader gets otherwise: the inbox ignores those. All replicas share it, and it survives
 * restarts. When it is done, it is deleted, and the durable records that it is complete.
 */
export class CatchUpSource extends EventSource {
  private readonly source: JetStreamSource;

  constructor(private readonly options: CatchUpSourceOptions) {
    super();
    this.source = new JetStreamSource(temporaryDurable(options));
  }

  async *batches(max: number, signal: AbortSignal): AsyncIterable<Delivery[]> {
    const { durable, subject, logger, checkMs = 60_000 } = this.options;
    while (!signal.aborted) {
      const isIncomplete = await this.isIncomplete().catch(() => false);
      if (isIncomplete) {
        logger.warn({ durable, subject }, 'the durable consumer has passed events over: reading them');
        yield* this.catchUp(max, signal);
      }
      await sleep(checkMs, signal);
    }
  }

  lag(): Promise<number> {
    return this.source.lag();
  }

  private async *catchUp(max: number, signal: AbortSignal): AsyncIterable<Delivery[]> {
    const { durable, subject, logger, checkMs = 60_000 } = this.options;
    const done = new AbortController();
    const stop = AbortSignal.any([signal, done.signal]);
    const finish = async () => {
      if (await this.finish()) done.abort();
    };
    const onError = (error: unknown) => logger.warn({ err: error, durable, subject }, 'catch-up not checked');
    const checking = every(checkMs, finish, { signal: stop, onError });
    yield* this.source.batches(max, stop);
    await checking;
    if (done.signal.aborted) logger.info({ durable, subject }, 'all events that were passed over are read');
  }

  private async isIncomplete(): Promise<boolean> {
    const { durable, subject } = this.options;
    const info = await this.info(await this.manager(), durable);
    return info !== undefined && completeSubjects(info.config, [subject]).length === 0;
  }

  /** Ends the catch-up when nothing is left to read. A process that dies in between begins it anew. */
  private async finish(): Promise<boolean> {
    const { stream, durable, subject, subjects, owner, overlapMs = HOUR_MS } = this.options;
    const manager = await this.manager();
    const temporary = catchUpDurable(durable, subject);
    const info = await this.info(manager, temporary);
    if (!info) return false;
    const isDone = info.num_pending + info.num_ack_pending === 0;
    if (!isDone || Date.now() - Date.parse(info.created) < overlapMs) return false;
    const { config } = await manager.consumers.info(stream.name, durable);
    const complete = [...completeSubjects(config, subjects), subject];
    await manager.consumers.delete(stream.name, temporary);
    await manager.consumers.update(stream.name, durable, { metadata: metadataOf({ owner }, complete) });
    return true;
  }

  private async info(manager: JetStreamManager, durable: string): Promise<ConsumerInfo | undefined> {
    try {
      return await manager.consumers.info(this.options.stream.name, durable);
    } catch (error) {
      if (isApiError(error, JetStreamApiCodes.ConsumerNotFound)) return undefined;
      throw error;
    }
  }

  private async manager(): Promise<JetStreamManager> {
    return jetstreamManager(await this.options.link.connection(), { checkAPI: false });
  }
}
