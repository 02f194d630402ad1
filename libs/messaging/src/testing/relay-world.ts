import { jest } from '@jest/globals';
import type fc from 'fast-check';
import { Backoff } from '@orders/resilience';
import type { EventPublisher } from '../message.js';
import { OutboxLog } from '../outbox/outbox-log.js';
import { relayMetrics } from '../outbox/outbox-metrics.js';
import { Relay } from '../outbox/relay.js';
import type { Queryable } from '../queryable.js';
import { SILENT, someEvent } from './fixtures.js';
import { ModelBus } from './model-bus.js';
import { ModelDatabase } from './model-database.js';
import { type Commands, SimulatedProcess, Simulation, type World } from './simulation.js';

const METRICS = relayMetrics();

/** What a relay works with; a test that wants to see a promise broken puts something broken here. */
export interface RelayParts {
  database?: ModelDatabase;
  db?: (db: Queryable, database: ModelDatabase) => Queryable;
  publisher?: (publisher: EventPublisher) => EventPublisher;
}

/** Two relays, the database whose log they read, and the bus that they publish to. */
export class RelayWorld implements World {
  readonly database: ModelDatabase;
  readonly bus = new ModelBus();
  readonly simulation: Simulation;
  private readonly relays = new Map<string, { process: SimulatedProcess; relay: Relay }>();
  private readonly open: (() => void)[] = [];
  private readonly everStored = new Set<string>();
  private events = 0;

  constructor(
    scheduler: fc.Scheduler,
    private readonly parts: RelayParts = {},
  ) {
    this.database = parts.database ?? new ModelDatabase();
    this.simulation = new Simulation(scheduler, () => this.check());
    this.start('A');
    this.start('B');
  }

  /** A process by this name comes up; the one before, if any, is gone. */
  start(name: 'A' | 'B'): void {
    this.relays.get(name)?.process.crash();
    const process = new SimulatedProcess(name);
    const db = this.database.connect(this.simulation.wire(process, 'database'));
    const { publisher } = this.bus.connect(this.simulation.wire(process, 'bus'));
    const { db: alterDb = (same) => same, publisher: alterPublisher = (same) => same } = this.parts;
    const relay = new Relay({
      log: new OutboxLog(alterDb(db, this.database)),
      publisher: alterPublisher(publisher),
      owner: `${name}-${(this.events += 1)}`,
      logger: SILENT,
      metrics: METRICS,
      batchSize: 3,
      backoff: new Backoff({ random: () => 0.5 }),
    });
    this.relays.set(name, { process, relay });
    void relay.run(process.stop.signal);
  }

  process(name: 'A' | 'B'): SimulatedProcess {
    return this.relays.get(name)!.process;
  }

  /** A transaction records events and stays open. */
  begin(count: number): void {
    const messages = Array.from({ length: count }, () => someEvent({ id: this.nextId() }));
    const end = Promise.withResolvers<void>();
    void this.database.connect().transaction(async (tx) => {
      await OutboxLog.append(tx, messages);
      await end.promise;
    });
    this.open.push(end.resolve);
  }

  /** The oldest, or the youngest, open transaction commits. */
  commit(which: 'oldest' | 'youngest'): void {
    const end = which === 'oldest' ? this.open.shift() : this.open.pop();
    end?.();
    for (const { relay } of this.relays.values()) relay.wake();
  }

  async heal(): Promise<void> {
    while (this.open.length > 0) this.commit('youngest');
    for (const name of ['A', 'B'] as const) {
      this.process(name).thaw();
      if (!this.process(name).alive) this.start(name);
    }
    await this.simulation.settle(() => this.isComplete(), 2_000);
  }

  private isComplete(): boolean {
    const inStream = new Set(this.bus.messages.map(({ id }) => id));
    return this.database.outbox
      .rows()
      .every((row) => isAtOrBefore(row, this.database.cursor) && inStream.has(row.event_id));
  }

  private check(): void {
    const { outbox, cursor } = this.database;
    const committed = outbox.rows();
    for (const { id } of this.bus.messages) {
      this.everStored.add(id);
      if (!committed.some(({ event_id }) => event_id === id)) throw new Error(`phantom: ${id}`);
    }
    for (const row of committed) {
      if (isAtOrBefore(row, cursor) && !this.everStored.has(row.event_id)) {
        throw new Error(`the cursor has passed what was never stored: ${row.event_id}`);
      }
    }
  }

  private nextId(): string {
    return `01900000-0000-7000-8000-${String((this.events += 1)).padStart(12, '0')}`;
  }
}

function isAtOrBefore(a: { xid: number; position: number }, b: { xid: number; position: number }): boolean {
  return a.xid < b.xid || (a.xid === b.xid && a.position <= b.position);
}

export const RELAY_COMMANDS: Commands<RelayWorld> = {
  'a transaction records an event': (world) => world.begin(1),
  'a transaction records four events': (world) => world.begin(4),
  'the oldest transaction commits': (world) => world.commit('oldest'),
  'the youngest transaction commits': (world) => world.commit('youngest'),
  'relay A crashes': (world) => world.process('A').crash(),
  'relay B crashes': (world) => world.process('B').crash(),
  'relay A starts again': (world) => world.start('A'),
  'relay B starts again': (world) => world.start('B'),
  'relay A freezes': (world) => world.process('A').freeze(),
  'relay B freezes': (world) => world.process('B').freeze(),
  'the relays thaw': (world) => {
    world.process('A').thaw();
    world.process('B').thaw();
  },
  'a second passes': () => jest.advanceTimersByTime(1_000),
  'the lease runs out': () => jest.advanceTimersByTime(6_000),
  'a request to the bus is lost': (world) => world.simulation.loseNext('bus', 'request'),
  'an answer of the bus is lost': (world) => world.simulation.loseNext('bus', 'answer'),
  'a request to the database is lost': (world) => world.simulation.loseNext('database', 'request'),
  'an answer of the database is lost': (world) => world.simulation.loseNext('database', 'answer'),
  'the bus forgets what it has seen': (world) => world.bus.forgetWindow(),
  'the stream loses its last event': (world) => world.bus.loseLast(1),
  'the stream loses its last three events': (world) => world.bus.loseLast(3),
  'the stream is made anew': (world) => world.bus.makeAnew(),
};
