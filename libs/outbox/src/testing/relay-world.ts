import { type EventPublisher, SILENT } from '@orders/messaging';
import { someEvent, ModelBus } from '@orders/messaging/testing';
import {
  ModelDatabase,
  type Commands,
  faults,
  type ProcessName,
  SimulatedProcess,
  Simulation,
  type World,
  type Wire,
} from '@orders/postgres/testing';
import { Backoff } from '@orders/resilience';
import type fc from 'fast-check';
import { eventIdOf } from '../message-id.js';
import { OutboxCursor } from '../outbox-cursor.js';
import { OutboxLog } from '../outbox-log.js';
import { relayMetrics } from '../outbox-metrics.js';
import { Relay } from '../relay.js';

const METRICS = relayMetrics([]);

/** Replaces parts of the relay by broken ones, for tests that want to see a promise broken. */
export interface RelayParts {
  database?: ModelDatabase;
  publisher?: (publisher: EventPublisher) => EventPublisher;
}

/** Two relays, the database whose log they read, and the bus to which they publish. */
export class RelayWorld implements World {
  readonly database: ModelDatabase;
  readonly bus = new ModelBus();
  readonly simulation: Simulation;
  private readonly relays = new Map<string, { process: SimulatedProcess; relay: Relay }>();
  private readonly openTransactions: (() => void)[] = [];
  private readonly everStored = new Set<string>();
  /** An owner that moved the cursor without the lease. */
  private intruder: string | undefined;
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

  start(name: ProcessName): void {
    this.relays.get(name)?.process.crash();
    const process = new SimulatedProcess(name);
    const owner = `${name}-${(this.events += 1)}`;
    const db = this.database.connect(this.watched(owner, this.simulation.wire(process, 'database')));
    const { publisher } = this.bus.connect(this.simulation.wire(process, 'bus'));
    const { publisher: alter = (same) => same } = this.parts;
    const relay = new Relay({
      log: new OutboxLog(db),
      cursor: new OutboxCursor(db),
      publisher: alter(publisher),
      owner,
      logger: SILENT,
      metrics: METRICS,
      batchSize: 3,
      backoff: new Backoff({ random: () => 0.5 }),
    });
    this.relays.set(name, { process, relay });
    void relay.run(process.stop.signal);
  }

  process(name: ProcessName): SimulatedProcess {
    return this.relays.get(name)!.process;
  }

  /** A transaction appends events and stays open. */
  begin(count: number): void {
    const messages = Array.from({ length: count }, () => someEvent({ id: this.nextId() }));
    const end = Promise.withResolvers<void>();
    void this.database.connect().transaction(async (tx) => {
      await OutboxLog.append(tx, messages);
      await end.promise;
    });
    this.openTransactions.push(end.resolve);
  }

  /** The oldest or the youngest open transaction commits. */
  commit(which: 'oldest' | 'youngest'): void {
    const end = which === 'oldest' ? this.openTransactions.shift() : this.openTransactions.pop();
    end?.();
    for (const { relay } of this.relays.values()) relay.wake();
  }

  async settle(): Promise<void> {
    while (this.openTransactions.length > 0) this.commit('youngest');
    await this.simulation.settle(() => this.isComplete(), 2_000);
  }

  /** Detects a process that moves the cursor without holding the lease. */
  private watched(owner: string, wire: Wire): Wire {
    return (what, effect) =>
      wire(what, () => {
        const before = this.database.cursor;
        const result = effect();
        const { xid, position } = this.database.cursor;
        const isMoved = xid !== before.xid || position !== before.position;
        if (isMoved && before.owner !== owner) this.intruder = owner;
        return result;
      });
  }

  private isComplete(): boolean {
    const inStream = new Set(this.bus.messages.map(({ id }) => eventIdOf(id)));
    return this.database.outbox
      .rows()
      .every((row) => isAtOrBefore(row, this.database.cursor) && inStream.has(row.event_id));
  }

  private check(): void {
    if (this.intruder) throw new Error(`moved the cursor without the lease: ${this.intruder}`);
    const { outbox, cursor } = this.database;
    const committed = outbox.rows();
    for (const message of this.bus.messages) {
      const id = eventIdOf(message.id);
      this.everStored.add(id);
      if (!committed.some(({ event_id }) => event_id === id)) throw new Error(`phantom: ${id}`);
    }
    for (const row of committed) {
      if (isAtOrBefore(row, cursor) && !this.everStored.has(row.event_id)) {
        throw new Error(`the cursor has passed an entry that was never stored: ${row.event_id}`);
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
  ...faults(['database', 'bus']),
  'a transaction appends an event': (world) => world.begin(1),
  'a transaction appends four events': (world) => world.begin(4),
  'an event overtakes an older one': (world) => {
    world.begin(1);
    world.begin(1);
    world.commit('youngest');
  },
  'the oldest transaction commits': (world) => world.commit('oldest'),
  'the youngest transaction commits': (world) => world.commit('youngest'),
  'the bus forgets its duplicate window': (world) => world.bus.clearDuplicateWindow(),
  'the stream loses its last event': (world) => world.bus.loseLast(1),
  'the stream loses its last three events': (world) => world.bus.loseLast(3),
  'the stream loses its first two events': (world) => world.bus.loseAfter(0, 2, 'forgotten'),
  'the stream loses an event in between': (world) => world.bus.loseAfter(1, 1, 'forgotten'),
  'an event in the stream is deleted': (world) => world.bus.loseAfter(1, 1, 'known'),
  'the stream is purged': (world) => world.bus.purge(),
  'the stream refuses an event and acks it as a duplicate afterwards': (world) => world.bus.refuseNext(1),
  'the stream is recreated': (world) => world.bus.recreate(),
};
