import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { ConsumerInfo } from '@nats-io/jetstream';
import { MsgHdrsImpl } from '@nats-io/transport-node';
import { eventually } from '@orders/resilience/testing/eventually';
import type { SettledEvents, StoredEvent } from '../message.js';
import { someEvent, take } from '../testing/fixtures.js';
import {
  openBus,
  openReader,
  readUntilStopped,
  settledWhen,
  useJetStream,
} from '../testing/jetstream-bus.js';
import { LossDetector } from './loss-detector.js';

const LOST = 'the stream has lost events: reading it again from the start';

const jetStream = useJetStream();
afterEach(() => void jest.useRealTimers());

const consumerInfo = (): Promise<ConsumerInfo> =>
  jetStream.manager.consumers.info(jetStream.bus.stream.name, 'reader');
const logged = () => jetStream.bus.logger.lines.map(({ message }) => message);
/** True when the consumer exists and its reader waits for events. */
const isPulling = async () => (await consumerInfo().catch(() => undefined))?.num_waiting === 1;

/** Publishes this many events, reads them and acks them. */
async function readNew(count: number) {
  const { bus } = jetStream;
  const events = Array.from({ length: count }, () => someEvent());
  await Promise.all(events.map((event) => bus.publisher.publish(event)));
  await take(bus.source, count);
  await eventually('the acks', async () => (await consumerInfo()).num_ack_pending === 0);
  return events;
}

/** Timers run, but `performance.now()` stands still. */
function stopTheClock(): void {
  const timers = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'] as const;
  jest.useFakeTimers({
    doNotFake: [...timers, 'clearImmediate', 'nextTick', 'queueMicrotask', 'Date', 'hrtime'],
  });
}

/** Creates the stream with this first sequence. */
function createStreamAt(sequence: number) {
  const { bus, manager } = jetStream;
  return manager.streams.add({ ...bus.stream, subjects: [...bus.stream.subjects], first_seq: sequence });
}

/** Publishes an event as soon as the connection is back. */
const publishAgain = (event = someEvent()) =>
  eventually('the publish', () => jetStream.bus.publisher.publish(event).then(Boolean, () => false));

const reconnect = async () => (await jetStream.bus.link.connection()).reconnect();

describe('a stream has lost delivered events', () => {
  const detectorOf = (stream = jetStream.bus.stream, settled?: SettledEvents) =>
    new LossDetector({ stream, wants: () => true, settled });

  it('when it is shorter than the position of the consumer', async () => {
    const { manager } = jetStream;
    await readNew(1);
    const shorter = openBus();
    await shorter.publisher.state();
    const losses = detectorOf(shorter.stream);
    const isLost = await losses.hasLost(manager, await consumerInfo());
    await shorter.publisher.publish(someEvent());
    const isStillLost = await losses.hasLost(manager, await consumerInfo());
    await shorter.link.close();
    expect([isLost, isStillLost]).toEqual([true, false]);
  });

  it('when another message has the sequence of the last delivered one', async () => {
    const { manager } = jetStream;
    const [event] = await readNew(1);
    const losses = detectorOf();
    losses.noteDelivered(1, event!.id);
    expect(await losses.hasLost(manager, await consumerInfo())).toBe(false);
    losses.noteDelivered(1, someEvent().id);
    expect(await losses.hasLost(manager, await consumerInfo())).toBe(true);
  });

  it('but not when the last delivered one has only expired', async () => {
    await createStreamAt(10);
    await readNew(1);
    const losses = detectorOf();
    losses.noteDelivered(9, someEvent().id);
    expect(await losses.hasLost(jetStream.manager, await consumerInfo())).toBe(false);
  });

  it('when an acked event was never settled, until the consumer is recreated', async () => {
    const { bus, manager } = jetStream;
    await readNew(1);
    const losses = detectorOf(
      bus.stream,
      settledWhen(() => false),
    );
    await losses.markUnverified(await consumerInfo());
    expect(await losses.hasLost(manager, await consumerInfo())).toBe(true);
    expect(losses.hasUnverified).toBe(true);
    losses.reset();
    expect(losses.hasUnverified).toBe(false);
    expect(await losses.hasLost(manager, await consumerInfo())).toBe(false);
  });
});

describe('a reader that begins a session', () => {
  const openWith = (settled: SettledEvents) => openReader(jetStream.bus, { settled });
  const isFirst = ({ address }: StoredEvent) => address.endsWith('/1');
  /** One lookup covers 100 messages: with 101, the first message is in the second lookup. */
  const TWO_LOOKUPS = 101;

  it('waits for events on a stream that never held any', async () => {
    const { bus } = jetStream;
    const settled = settledWhen(() => false);
    const stop = new AbortController();
    await bus.publisher.state();
    const next = openWith(settled).batches(8, stop.signal)[Symbol.asyncIterator]().next();
    await eventually('a consumer without deliveries', isPulling);
    stop.abort();
    await next;
    const again = take(openWith(settled), 1);
    await eventually('the next reader to pull', isPulling);
    const event = someEvent();
    await bus.publisher.publish(event);
    expect((await again).map(({ message }) => message.id)).toEqual([event.id]);
    expect(bus.logger.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('reads the stream again when an acked event was never settled: the stream lost its end while nobody read', async () => {
    const { bus } = jetStream;
    const asked: string[] = [];
    const known = new Set<string>();
    const settled = settledWhen(({ id, address }) => {
      asked.push(address);
      return known.has(id);
    });
    const [first, second] = await readNew(2);
    const third = someEvent();
    await bus.publisher.publish(third);

    for (const { id } of [first!, second!]) known.add(id);
    const next = await take(openWith(settled), 1, (delivery) => delivery.nak(0));
    expect(next.map(({ message }) => message.id)).toEqual([third.id]);
    known.add(third.id);
    known.delete(first!.id);
    // Another reader may hold what is not acked yet: so it asks only after the ack, but before its next regular check,
    // which is never due by this clock.
    stopTheClock();
    const all = await take(openWith(settled), 4);
    expect(all.map(({ message }) => message.id)).toEqual([third.id, first!.id, second!.id, third.id]);
    expect(asked).toEqual([2, 1, 3, 2, 1].map((sequence) => `${bus.stream.name}/${sequence}`));
  });

  it('asks back to the newest settled event, and one second further because clocks differ', async () => {
    const { bus, manager } = jetStream;
    await readNew(TWO_LOOKUPS);
    const next = someEvent();
    await bus.publisher.publish(next);
    const oldest = (await manager.streams.getMessage(bus.stream.name, { seq: 1 }))!.time.getTime();
    const settledUntil = (time: number): SettledEvents => ({
      ...settledWhen((event) => !isFirst(event)),
      newestTime: async () => new Date(time),
    });
    const [delivery] = await take(openWith(settledUntil(oldest + 60_000)), 1);
    expect(delivery?.message.id).toBe(next.id);
    expect(logged()).not.toContain(LOST);
    await take(openWith(settledUntil(oldest + 900)), TWO_LOOKUPS);
    expect(logged()).toContain(LOST);
  });

  it('asks again as far back after a failed query: events settled meanwhile may have come after the loss', async () => {
    await readNew(TWO_LOOKUPS);
    const known = settledWhen((event) => !isFirst(event));
    let asked = 0;
    await take(
      openWith({
        newestTime: async () => new Date(asked === 0 ? 0 : Date.now() + 60_000),
        areSettled: async (events) => {
          if ((asked += 1) === 1) throw new Error('the database is away');
          return known.areSettled(events);
        },
      }),
      TWO_LOOKUPS,
    );
    expect(logged()).toContain(LOST);
  });

  it('asks no further back than the start of the stream', async () => {
    await createStreamAt(100_000_000);
    await readNew(1);
    await jetStream.bus.publisher.publish(someEvent());
    let lookups = 0;
    const areSettled = async () => (lookups += 1) > 0;
    expect(await take(openWith({ newestTime: async () => new Date(0), areSettled }), 1)).toHaveLength(1);
    expect(lookups).toBe(1);
  });

  it('is not stopped by a header that this client would not send', async () => {
    const { bus } = jetStream;
    const odd = Object.assign(new MsgHdrsImpl(), {
      encode: () => Buffer.from('NATS/1.0\r\nNats-Msg-Id: odd\r\nno name: x\r\n\r\n'),
    });
    await bus.publisher.state();
    (await bus.link.connection()).publish(`${bus.prefix}.things.made`, 'x', { headers: odd });
    await eventually('the message', async () => (await bus.publisher.state()).lastSequence === 1);
    expect(await bus.publisher.idAt(1)).toBe('odd');
    const { ids, stop } = readUntilStopped(openWith(settledWhen(() => true)));
    await eventually('the first delivery', () => ids.length === 1);
    // The next session looks up the last delivered message, and what counts as delivered.
    await reconnect();
    const event = someEvent();
    await publishAgain(event);
    await eventually('the next delivery', () => ids.includes(event.id));
    await stop();
    expect(logged()).not.toContain(LOST);
  });

  it('asks after a lost connection too: a server that comes back may have lost messages', async () => {
    const known = new Set<string>();
    const { ids, stop } = readUntilStopped(openWith(settledWhen(({ id }) => known.has(id))));
    const event = someEvent();
    await jetStream.bus.publisher.publish(event);
    await eventually('the event', () => ids.length === 1);
    await reconnect();
    await eventually('the event again, since it is not settled', () => ids.length >= 2);
    known.add(event.id);
    await stop();
    expect(logged()).toContain(LOST);
  });

  it('does not take a stream recreated during the previous session for a loss', async () => {
    const { bus, manager } = jetStream;
    const { ids, stop } = readUntilStopped(openWith(settledWhen(() => true)));
    await bus.publisher.publish(someEvent());
    await eventually('the event', () => ids.length === 1);
    await manager.streams.delete(bus.stream.name);
    await bus.publisher.state();
    await eventually('the consumer recreated', isPulling);
    await reconnect();
    await publishAgain();
    await eventually('the next delivery', () => ids.length >= 2);
    await stop();
    expect(logged()).not.toContain(LOST);
  });
});
