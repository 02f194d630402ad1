import {
  type ConsumerInfo,
  JetStreamApiCodes,
  type JetStreamManager,
  jetstreamManager,
} from '@nats-io/jetstream';
import { completeSubjects, durableDifferences } from './durable-config.js';
import { SILENT } from '../log.js';
import { temporaryDurable } from './catch-up-source.js';
import { declarationOf, DurableConsumer, type DurableConsumerOptions } from './durable-consumer.js';
import type { NatsLink } from './nats-link.js';
import { isApiError } from './stream.js';

/** A durable consumer as the server has it, compared with what its app declares. */
export interface DurableReport {
  /** Events that wait to be delivered. */
  readonly waiting: number;
  /** Events that are delivered and not acked. */
  readonly open: number;
  readonly isPaused: boolean;
  /** One line for each setting that differs. The app changes those at its start that can be changed. */
  readonly differences: readonly string[];
  /** Subjects of which it has passed events over: its app reads them. */
  readonly incomplete: readonly string[];
}

/** What operators do to the durable consumer of an app. All reject when NATS is unreachable. */
export class ConsumerAdmin {
  constructor(
    private readonly link: NatsLink,
    private readonly options: Omit<DurableConsumerOptions, 'logger'>,
  ) {}

  /** undefined when there is no such durable. */
  async report(): Promise<DurableReport | undefined> {
    const info = await this.info(await this.manager());
    if (!info) return undefined;
    const { config, num_pending: waiting, num_ack_pending: open, paused = false } = info;
    const { subjects } = this.options;
    const complete = completeSubjects(config, subjects);
    return {
      ...{ waiting, open, isPaused: paused },
      differences: durableDifferences(config, declarationOf(this.options)),
      incomplete: subjects.filter((subject) => !complete.includes(subject)),
    };
  }

  /**
   * Makes the durable, or changes it in place, as its app does at its start; also the temporary ones that deliver what it
   * has passed over. For an app that may not do that itself.
   *
   * @throws {RefusedSetupError} when it has a setting that cannot be changed
   * @throws {Error} when there is no stream
   */
  async apply(): Promise<void> {
    const manager = await this.manager();
    const options = { ...this.options, logger: SILENT };
    await new DurableConsumer(options).ensure(manager, 'new');
    const { incomplete = [] } = (await this.report()) ?? {};
    for (const subject of incomplete)
      await new DurableConsumer(temporaryDurable({ ...options, subject })).ensure(manager, 'new');
  }

  /** Deletes the durable. Its app creates it anew within seconds, and reads the stream from the start. */
  async delete(): Promise<void> {
    const manager = await this.manager();
    if (await this.info(manager))
      await manager.consumers.delete(this.options.stream.name, this.options.durable);
  }

  private async info(manager: JetStreamManager): Promise<ConsumerInfo | undefined> {
    try {
      return await manager.consumers.info(this.options.stream.name, this.options.durable);
    } catch (error) {
      const isMissing =
        isApiError(error, JetStreamApiCodes.ConsumerNotFound) ||
        isApiError(error, JetStreamApiCodes.StreamNotFound);
      if (isMissing) return undefined;
      throw error;
    }
  }

  private async manager(): Promise<JetStreamManager> {
    return jetstreamManager(await this.link.connection());
  }
}
