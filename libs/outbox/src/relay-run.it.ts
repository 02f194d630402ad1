import { describe, expect, it, jest } from '@jest/globals';
import { recordingLog, someEvent } from '@orders/messaging/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { Secret } from '@orders/service';
import { listenForAppends } from './outbox-listener.js';
import { OutboxLog } from './outbox-log.js';
import type { Relay } from './relay.js';
import { append, relayOf, useRelay } from './testing/relay-under-test.js';

const under = useRelay();
/** So rare that a test sees no poll after the first one. */
const NEVER_MS = 60_000;

/** Runs a relay, with a listener as in a replica. Returns how to stop it. */
function runReplica(relay: Relay) {
  const stop = new AbortController();
  const { signal } = stop;
  const running = Promise.all([
    relay.run(signal),
    listenForAppends({
      address: { url: new Secret(under.db.url), applicationName: 'listener' },
      onAppend: () => relay.wake(),
      signal,
      log: recordingLog(),
    }),
  ]);
  return async () => {
    stop.abort();
    await running;
  };
}

/** Runs a relay without a listener. Returns how to stop it. */
function runAlone(relay: Relay) {
  const stop = new AbortController();
  const running = relay.run(stop.signal);
  return async () => {
    stop.abort();
    await running;
  };
}

describe('a running relay', () => {
  it('reads at once after an append, holds the lease, and releases it when it stops', async () => {
    const { publisher, cursor } = under;
    const relay = relayOf(under, 'a', { pollMs: NEVER_MS });
    const before = await append(under);
    const stop = runReplica(relay);
    await eventually('the first event', () => publisher.published.length === 1);
    const after = await append(under);
    relay.appended();
    await eventually('the second event, long before the poll', () => publisher.published.length === 2);
    expect(publisher.published).toEqual([...before, ...after]);
    expect(relay.holdsLease).toBe(true);
    await stop();
    expect(relay.holdsLease).toBe(false);
    expect(await cursor.acquire('b', 1_000)).toBeDefined();
  });

  it('is notified of the appends of a replica whose own relay is idle', async () => {
    const { publisher } = under;
    const [active, idle] = ['a', 'b'].map((owner) => relayOf(under, owner, { pollMs: NEVER_MS }));
    const stop = runReplica(active!);
    const before = await append(under);
    active!.appended();
    await eventually('the first event', () => publisher.published.length === 1);
    const after = await append(under);
    await eventually('the second event, long before the poll', () => {
      idle!.appended();
      return publisher.published.length === 2;
    });
    expect(publisher.published).toEqual([...before, ...after]);
    await stop();
  });

  it('drains a backlog without a pause between batches', async () => {
    const { publisher } = under;
    const ids = await append(under, 7);
    const stop = runAlone(relayOf(under, 'a', { batchSize: 2, pollMs: NEVER_MS }));
    await eventually('all events', () => publisher.published.length === 7);
    expect(publisher.published).toEqual(ids);
    await stop();
  });

  it('continues by itself after the bus was unreachable', async () => {
    const { publisher, cursor } = under;
    const [id] = await append(under);
    publisher.refused.add(id!);
    const stop = runAlone(relayOf(under, 'a', { pollMs: 5 }));
    await eventually('a failure or two', async () => (await cursor.stats()).pending === 1);
    publisher.refused.clear();
    await eventually('the event', () => publisher.published.length === 1);
    await stop();
  });

  it('reads again soon, one entry at a time, while an older transaction holds entries back', async () => {
    const { db, log, publisher } = under;
    const older = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const writing = db.transaction(async (tx) => {
      await tx.query('SELECT pg_current_xact_id()');
      begun.resolve();
      await older.promise;
    });
    await begun.promise;
    const events = [someEvent(), someEvent(), someEvent()];
    await db.transaction((tx) => OutboxLog.append(tx, events));
    const read = jest.spyOn(log, 'read');
    const stop = runAlone(relayOf(under, 'a', { pollMs: NEVER_MS }));
    await eventually('reads without a result', () => read.mock.calls.length > 2);
    expect(publisher.published).toEqual([]);
    expect(read.mock.calls.map(([, limit]) => limit)).toEqual([
      256,
      1,
      ...read.mock.calls.slice(2).map(() => 1),
    ]);
    older.resolve();
    await writing;
    await eventually('the events', () => publisher.published.length === 3);
    expect(publisher.published).toEqual(events.map(({ id }) => id));
    await stop();
  });
});

it('an idle relay sends one notification at a time, and one more for all appends meanwhile', async () => {
  const notify = jest.spyOn(under.log, 'notify');
  const idle = relayOf(under, 'b');
  for (let n = 0; n < 50; n += 1) idle.appended();
  expect(notify).toHaveBeenCalledTimes(1);
  await eventually('the second notification', () => notify.mock.calls.length === 2);
  await Promise.all(notify.mock.results.map(({ value }) => value as Promise<void>));
  await new Promise(setImmediate);
  expect(notify).toHaveBeenCalledTimes(2);
});

// It outlived its certificate for as long as the process lived.
it('a listener makes a new connection when its own has lived long enough, and complains of nothing', async () => {
  const stop = new AbortController();
  const log = recordingLog();
  let connects = 0;
  const listening = listenForAppends({
    address: { url: new Secret(under.db.url), applicationName: 'listener' },
    onAppend: () => (connects += 1),
    signal: stop.signal,
    log,
    lifetimeMs: 100,
  });
  await eventually('the third connection', () => connects === 3);
  stop.abort();
  await listening;
  expect(log.lines).toEqual([]);
});
