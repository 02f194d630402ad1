import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message, StreamState } from '@orders/messaging';
import { someEvent } from '@orders/messaging/testing';
import type { Queryable, TransactionRunner } from '@orders/postgres';
import { eventually } from '@orders/resilience/testing/eventually';
import { type Checkpoint, OutboxCursor } from '../outbox-cursor.js';
import { type LogEntry, OutboxLog } from '../outbox-log.js';

export interface OutboxUnderTest {
  db: Queryable & TransactionRunner;
  /** Makes leases and checkpoints older by this time. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

const START = { tx: '0', position: '0' };
const BEFORE_FIRST = { ...START, stream: undefined, streamSequence: 0, messageId: undefined };

/** A stream that has stored messages up to this one and lost none. */
function intact(id: string, lastSequence: number): StreamState {
  const at = { firstSequence: 1, firstTime: lastSequence > 0 ? new Date() : undefined, lastSequence };
  return { id, ...at, gaps: [], keepsForMs: Infinity };
}

/** Tests what the outbox log does on every database. `open` returns a database with an empty outbox. */
export function testOutboxConformance(name: string, open: () => Promise<OutboxUnderTest>): void {
  describe(`OutboxLog on ${name}`, () => {
    let outbox: OutboxUnderTest;
    let log: OutboxLog;
    let cursor: OutboxCursor;
    beforeEach(async () => {
      outbox = await open();
      log = new OutboxLog(outbox.db);
      cursor = new OutboxCursor(outbox.db);
    });
    afterEach(() => outbox.close());

    const append = (...messages: Message[]) => outbox.db.transaction((tx) => OutboxLog.append(tx, messages));

    /** On a shared server, entries become visible only after older transactions of other tests have ended. */
    async function readAll(count: number, after = START): Promise<LogEntry[]> {
      let entries: LogEntry[] = [];
      await eventually(`${count} entries`, async () => {
        ({ entries } = await log.read(after, 100));
        return entries.length === count;
      });
      return entries;
    }

    /** Appends one event, and moves the cursor past it as its owner `a`. */
    async function publishOne(from: Checkpoint, streamSequence: number): Promise<Checkpoint> {
      await append(someEvent());
      const [entry] = await readAll(1, from);
      const { tx, position, message } = entry!;
      const to = { tx, position, stream: 'one', streamSequence, messageId: message.id };
      expect(await cursor.advance('a', { from, to }, 60_000)).toBe(true);
      return to;
    }

    it('holds committed entries in order, and none that were rolled back', async () => {
      const events = [someEvent(), someEvent(), someEvent()];
      await append(...events);
      const failed = outbox.db.transaction(async (tx) => {
        await OutboxLog.append(tx, [someEvent()]);
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      await append(someEvent());
      const entries = await readAll(4);
      expect(entries.slice(0, 3).map(({ message }) => message)).toEqual(events);
    });

    it('reads entries after a position, up to a limit', async () => {
      const events = [someEvent(), someEvent(), someEvent()];
      await append(...events);
      const [first] = await readAll(3);
      const { entries } = await log.read(first!, 1);
      expect(entries.map(({ message }) => message.id)).toEqual([events[1]!.id]);
    });

    it('never shows an entry before one that it has shown: it waits for a transaction that commits late', async () => {
      const [early, overtaking] = [someEvent(), someEvent()];
      const written = Promise.withResolvers<void>();
      const late = Promise.withResolvers<void>();
      const writing = outbox.db.transaction(async (tx) => {
        await OutboxLog.append(tx, [early]);
        written.resolve();
        await late.promise;
      });
      await written.promise;
      await append(overtaking);
      expect(await log.read(START, 10)).toEqual({ entries: [], isHeldBack: true });
      late.resolve();
      await writing;
      const entries = await readAll(2);
      expect(entries.map(({ message }) => message.id)).toEqual([early.id, overtaking.id]);
      expect(await log.read(START, 10)).toMatchObject({ isHeldBack: false });
    });

    it('leases the cursor to one owner at a time, until the lease ends or is released', async () => {
      expect(await cursor.acquire('a', 60_000)).toMatchObject({
        ...START,
        clusterChanged: false,
        streamSequence: 0,
      });
      expect(await cursor.acquire('b', 60_000)).toBeUndefined();
      expect(await cursor.acquire('a', 60_000)).toBeDefined();
      await cursor.release('b');
      expect(await cursor.acquire('b', 60_000)).toBeUndefined();
      await cursor.release('a');
      expect(await cursor.acquire('b', 60_000)).toBeDefined();
      await outbox.pass(59_000);
      expect(await cursor.acquire('c', 60_000)).toBeUndefined();
      await outbox.pass(1_001);
      expect(await cursor.acquire('c', 60_000)).toBeDefined();
    });

    it('moves the cursor only for its owner, and only from its current position', async () => {
      await append(someEvent(), someEvent());
      const [first, second] = (await readAll(2)).map(({ tx, position }) => ({
        ...{ tx, position, stream: 'one', streamSequence: 1, messageId: undefined },
      }));
      await cursor.acquire('a', 60_000);
      expect(await cursor.advance('b', { from: START, to: first! }, 60_000)).toBe(false);
      expect(await cursor.advance('a', { from: first!, to: second! }, 60_000)).toBe(false);
      expect(await cursor.advance('a', { from: START, to: first! }, 60_000)).toBe(true);
      await cursor.release('a');
      expect(await cursor.acquire('b', 60_000)).toMatchObject(first!);
    });

    it('renews the lease when it moves the cursor', async () => {
      await cursor.acquire('a', 1_000);
      await publishOne(BEFORE_FIRST, 1);
      await outbox.pass(30_000);
      expect(await cursor.acquire('b', 60_000)).toBeUndefined();
    });

    it('rewinds to the last checkpoint that a shorter stream still holds, recorded once a second', async () => {
      await cursor.acquire('a', 600_000);
      let at: Checkpoint = BEFORE_FIRST;
      const cursors: Checkpoint[] = [];
      for (const [sequence, pause] of [
        [1, 2_000],
        [2, 0],
        [3, 2_000],
        [4, 0],
      ] as const) {
        cursors.push((at = await publishOne(at, sequence)));
        await outbox.pass(pause);
      }
      // Of 1 to 4, there are checkpoints of 1, 2 (a pause after 1) and 4 (a pause after 3).
      const rewound = { ...cursors[1]!, knownGaps: [], rewoundAt: 3 };
      expect(await cursor.rewind('a', intact('one', 3), 3)).toEqual(rewound);
      expect(await cursor.acquire('a', 600_000)).toMatchObject(rewound);
      expect(await cursor.rewind('a', intact('one', 0), 0)).toMatchObject(START);
    });

    it('rewinds to the start of the log for another stream, and only for the holder of the lease', async () => {
      await cursor.acquire('a', 600_000);
      const at = await publishOne(BEFORE_FIRST, 1);
      const state = { ...intact('two', 7), gaps: [{ from: 2, to: 3 }] };
      expect(await cursor.rewind('b', state, -1)).toBeUndefined();
      expect(await cursor.acquire('a', 600_000)).toMatchObject({ ...at, knownGaps: [], rewoundAt: 0 });
      const known = { knownGaps: [{ from: 2, to: 3 }], rewoundAt: 7 };
      const rewound = { ...BEFORE_FIRST, stream: 'two', ...known };
      expect(await cursor.rewind('a', state, -1)).toEqual(rewound);
      expect(await cursor.acquire('a', 600_000)).toMatchObject(rewound);
    });

    it('returns the sequence of the oldest checkpoint that is young enough, in this stream', async () => {
      await cursor.acquire('a', 600_000);
      const at = await publishOne(BEFORE_FIRST, 4);
      await outbox.pass(60_000);
      await publishOne(at, 9);
      expect(await cursor.oldestSequence('one', 30_000)).toBe(9);
      expect(await cursor.oldestSequence('one', 90_000)).toBe(4);
      expect(await cursor.oldestSequence('one', Infinity)).toBe(4);
      expect(await cursor.oldestSequence('two', Infinity)).toBeUndefined();
    });

    it('knows after a rewind to the start how old the first message of the stream is', async () => {
      await cursor.acquire('a', 600_000);
      const state = { ...intact('one', 9), firstSequence: 5, firstTime: new Date(Date.now() - 60_000) };
      await cursor.rewind('a', state, -1);
      expect(await cursor.oldestSequence('one', 90_000)).toBe(4);
      expect(await cursor.oldestSequence('one', 30_000)).toBeUndefined();
    });
  });
}
