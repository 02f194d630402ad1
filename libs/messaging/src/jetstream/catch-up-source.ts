import { JetStreamApiCodes, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
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
 * restarts. When it is done, the durable records that it is complete, and the temporary one is deleted.
 */
export class CatchUpSource extends EventSource {
  private readonly temporary: string;
  private readonly source: JetStreamSource;

  constructor(private readonly options: CatchUpSourceOptions) {
    super();
    this.temporary = catchUpDurable(options.durable, options.subject);
    this.source = new JetStreamSource({ ...temporaryDurable(options), isNeeded: () => this.isIncomplete() });
  }

  async *batches(max: number, signal: AbortSignal): AsyncIterable<Delivery[]> {
    const { durable, subject, logger, checkMs = 60_000 } = this.options;
    while (!signal.aborted) {
      if (await this.isIncomplete().catch(this.notChecked)) {
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
    const checking = every(checkMs, finish, { signal: stop, onError: this.notChecked });
    yield* this.source.batches(max, stop);
    // Another replica may have ended it.
    if (!signal.aborted) done.abort();
    await checking;
    if (done.signal.aborted) logger.info({ durable, subject }, 'all events that were passed over are read');
  }

  private async isIncomplete(): Promise<boolean> {
    const { stream, durable, subject } = this.options;
    const manager = await this.manager();
    const info = await orMissing(manager.consumers.info(stream.name, durable));
    return info !== undefined && completeSubjects(info.config, [subject]).length === 0;
  }

  /**
   * Ends the catch-up when nothing is left to read, or when another replica has recorded that. Only a durable that is not
   * complete gets a temporary one: so the record comes before the deletion.
   */
  private async finish(): Promise<boolean> {
    const manager = await this.manager();
    if (await this.isIncomplete()) {
      if (!(await this.isRead(manager))) return false;
      await this.record(manager);
    }
    await orMissing(manager.consumers.delete(this.options.stream.name, this.temporary));
    return true;
  }

  private async isRead(manager: JetStreamManager): Promise<boolean> {
    const { stream, overlapMs = HOUR_MS } = this.options;
    const info = await orMissing(manager.consumers.info(stream.name, this.temporary));
    if (!info || info.num_pending + info.num_ack_pending > 0) return false;
    return Date.now() - Date.parse(info.created) >= overlapMs;
  }

  private async record(manager: JetStreamManager): Promise<void> {
    const { stream, durable, subject, subjects, owner } = this.options;
    const { config } = await manager.consumers.info(stream.name, durable);
    const complete = [...completeSubjects(config, subjects), subject];
    await manager.consumers.update(stream.name, durable, { metadata: metadataOf({ owner }, complete) });
  }

  private readonly notChecked = (error: unknown): false => {
    const { durable, subject, logger } = this.options;
    logger.warn({ err: error, durable, subject }, 'catch-up not checked');
    return false;
  };

  private async manager(): Promise<JetStreamManager> {
    return jetstreamManager(await this.options.link.connection(), { checkAPI: false });
  }
}

/** undefined when the server does not have that consumer. */
async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.ConsumerNotFound)) return undefined;
    throw error;
  }
}
