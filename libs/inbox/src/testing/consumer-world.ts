import { type EventSource, type Message, SILENT } from '@orders/messaging';
import { someEvent, ModelBus } from '@orders/messaging/testing';
import type { TransactionRunner } from '@orders/postgres';
import {
  type ModelConnection,
  ModelDatabase,
  type Commands,
  faults,
  type ProcessName,
  SimulatedProcess,
  Simulation,
  type World,
} from '@orders/postgres/testing';
import { Backoff } from '@orders/resilience';
import type fc from 'fast-check';
import { z } from 'zod';
import { consumerMetrics } from '../consumer-metrics.js';
import { eventHandler } from '../event-handler.js';
import { PermanentError } from '../failure.js';
import { InboxConsumer } from '../inbox-consumer.js';

const METRICS = consumerMetrics('reader');

/** Replaces parts of the consumer by broken ones, for tests that want to see a promise broken. */
export interface ConsumerParts {
  db?: (db: ModelConnection) => TransactionRunner;
  source?: (source: EventSource) => EventSource;
}

/** What happens when an event is applied. */
type Nature = 'good' | 'permanent' | 'buggy' | 'unreadable';

/** Two processes of one consumer, which share its durable consumer and its database. */
export class ConsumerWorld implements World {
  readonly database = new ModelDatabase();
  readonly bus = new ModelBus();
  readonly simulation: Simulation;
  private readonly processes = new Map<string, SimulatedProcess>();
  private readonly published: Message[] = [];
  private readonly natures = new Map<string, Nature>();
  private readonly settled = new Set<string>();

  constructor(
    scheduler: fc.Scheduler,
    private readonly parts: ConsumerParts = {},
  ) {
    this.simulation = new Simulation(scheduler, () => this.check());
    this.start('A');
    this.start('B');
  }

  start(name: ProcessName): void {
    this.processes.get(name)?.crash();
    const process = new SimulatedProcess(name);
    this.processes.set(name, process);
    const db = this.database.connect(this.simulation.wire(process, 'database'));
    process.onCrash(() => db.close());
    const { source } = this.bus.connect(this.simulation.wire(process, 'bus'));
    const { db: alterDb = (same) => same, source: alterSource = (same) => same } = this.parts;
    const consumer = new InboxConsumer({
      name: 'reader',
      source: alterSource(source),
      db: alterDb(db),
      handlers: [this.handler()],
      logger: SILENT,
      metrics: METRICS,
      batchSize: 3,
      maxAttempts: 2,
      // No event of this world heals, and nothing ends a streak at its end.
      maxStreak: Infinity,
      backoff: new Backoff({ random: () => 0.5 }),
    });
    void consumer.run(process.stop.signal);
  }

  process(name: ProcessName): SimulatedProcess {
    return this.processes.get(name)!;
  }

  publish(nature: Nature): void {
    const id = `01900000-0000-7000-8000-${String(this.published.length).padStart(12, '0')}`;
    const message = someEvent({ id });
    this.natures.set(id, nature);
    this.published.push(nature === 'unreadable' ? { ...message, body: '{' } : message);
    this.bus.publish(this.published.at(-1)!);
  }

  /** As after a rewind of the relay: the stream stores again what it has lost, or no longer knows as a duplicate. */
  publishAgain(): void {
    for (const message of this.published) this.bus.publish(message);
  }

  async settle(): Promise<void> {
    this.publishAgain();
    await this.simulation.settle(() => this.bus.lag === 0, 2_000);
    this.checkComplete();
  }

  private handler() {
    return eventHandler({
      contract: { type: 'things.made', schema: z.object({ n: z.number() }) },
      handle: async (tx, events) => {
        for (const { id } of events) {
          await tx.query('INSERT INTO effect (event_id) VALUES ($1)', [id]);
          if (this.natures.get(id) === 'permanent') throw new PermanentError('never');
          if (this.natures.get(id) === 'buggy') throw new TypeError('a bug');
        }
      },
    });
  }

  private check(): void {
    const effects = this.ids('effect');
    const outcomes = new Set([...effects, ...this.ids('dead_letter')]);
    if (new Set(effects).size < effects.length) throw new Error(`applied twice: ${effects.join()}`);
    for (const { id } of this.bus.acked) this.settled.add(id);
    for (const id of this.settled)
      if (!outcomes.has(id)) throw new Error(`acked before it was settled: ${id}`);
    for (const id of outcomes) if (!this.natures.has(id)) throw new Error(`phantom: ${id}`);
  }

  private checkComplete(): void {
    const [effects, deadLetters] = [this.ids('effect'), this.ids('dead_letter')];
    for (const [id, nature] of this.natures) {
      const [expected, other] = nature === 'good' ? [effects, deadLetters] : [deadLetters, effects];
      if (!expected.includes(id) || other.includes(id)) throw new Error(`${nature} event not settled: ${id}`);
    }
  }

  private ids(table: string): string[] {
    return this.database
      .table<{ id: string }>(table)
      .rows()
      .map(({ id }) => id);
  }
}

export const CONSUMER_COMMANDS: Commands<ConsumerWorld> = {
  ...faults(['database', 'bus']),
  'an event is published': (world) => world.publish('good'),
  'another event is published': (world) => world.publish('good'),
  'an event that can never be applied is published': (world) => world.publish('permanent'),
  'an event whose handler has a bug is published': (world) => world.publish('buggy'),
  'an unreadable event is published': (world) => world.publish('unreadable'),
  'the relay publishes all events again': (world) => world.publishAgain(),
  'consumer A is stopped': (world) => world.process('A').stop.abort(),
  'the bus delivers out of order': (world) => world.bus.reverseNext(),
  'the bus forgets two acks': (world) => world.bus.forgetAcks(2),
  'the bus forgets its duplicate window': (world) => world.bus.clearDuplicateWindow(),
  'the stream loses its last two events': (world) => world.bus.loseLast(2),
  'the stream is recreated': (world) => world.bus.recreate(),
};
