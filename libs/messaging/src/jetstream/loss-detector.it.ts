import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type ConsumerInfo, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { MsgHdrsImpl } from '@nats-io/transport-node';
import type { EventPlace, Settled } from '../inbox/settled.js';
import { eventually, recordingLog, someEvent, take } from '../testing/fixtures.js';
import { type JetStreamBus, knowing, openBus, openReader } from '../testing/jetstream-bus.js';
import { requiredUrl } from '../testing/test-database.js';
import { LossDetector } from './loss-detector.js';
import { NatsLink } from './nats-link.js';

const LOST = 'the stream has lost events: reading it anew';

let manager: JetStreamManager;
let bus: JetStreamBus;
const link = new NatsLink({ url: requiredUrl('TEST_NATS_URL'), name: 'admin', logger: recordingLog() });
beforeAll(async () => {
  manager = await jetstreamManager(await link.connection());
});
afterAll(() => link.close());
beforeEach(() => {
  bus = openBus();
});
const readers = new Set<AbortController>();
afterEach(() => {
  jest.useRealTimers();
  for (const reader of readers) reader.abort();
  return bus.link.close();
});

const standing = (): Promise<ConsumerInfo> => manager.consumers.info(bus.stream.name, 'reader');
const messages = () => bus.logger.lines.map(({ message }) => message);

/** Publishes so many events, and reads and acks them. */
async function read(count: number) {
  const events = Array.from({ length: count }, () => someEvent());
  await Promise.all(events.map((event) => bus.publisher.publish(event)));
  await take(bus.source, count);
  await eventually('the acks', async () => (await standing()).num_ack_pending === 0);
  return events;
}

/** Timers go on, but by `performance.now()` no time passes. */
function stopTheClock(): void {
  const timers = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'] as const;
  jest.useFakeTimers({
    doNotFake: [...timers, 'clearImmediate', 'nextTick', 'queueMicrotask', 'Date', 'hrtime'],
  });
}

/** Begins a stream at a sequence. */
const beginStreamAt = (sequence: number) =>
  manager.streams.add({ ...bus.stream, subjects: [...bus.stream.subjects], first_seq: sequence });

describe('a stream has lost what was delivered', () => {
  const detectorOf = (stream = bus.stream, settled?: Settled) =>
    new LossDetector({ stream, wants: () => true, settled });

  it('when it is shorter', async () => {
    await read(1);
    const shorter = openBus();
    await shorter.publisher.state();
    const losses = detectorOf(shorter.stream);
    const isLost = await losses.hasLost(manager, await standing());
    await shorter.publisher.publish(someEvent());
    const isStillLost = await losses.hasLost(manager, await standing());
    await shorter.link.close();
    expect([isLost, isStillLost]).toEqual([true, false]);
  });

  it('when another message is where the last one was', async () => {
    const [event] = await read(1);
    const losses = detectorOf();
    losses.noteDelivered(1, event!.id);
    expect(await losses.hasLost(manager, await standing())).toBe(false);
    losses.noteDelivered(1, someEvent().id);
    expect(await losses.hasLost(manager, await standing())).toBe(true);
  });

  it('not when the last one is too old to be kept', async () => {
    await beginStreamAt(10);
    await read(1);
    const losses = detectorOf();
    losses.noteDelivered(9, someEvent().id);
    expect(await losses.hasLost(manager, await standing())).toBe(false);
  });

  it('when one that is acked was never settled, until the consumer is another one', async () => {
    await read(1);
    const losses = detectorOf(
      bus.stream,
      knowing(() => false),
    );
    await losses.doubtDelivered(await standing());
    expect(await losses.hasLost(manager, await standing())).toBe(true);
    expect(losses.isInDoubt).toBe(true);
    losses.reset();
    expect(losses.isInDoubt).toBe(false);
    expect(await losses.hasLost(manager, await standing())).toBe(false);
  });
});

describe('a reader that begins', () => {
  const begin = (settled: Settled) => openReader(bus, { settled });
  const isFirst = ({ address }: EventPlace) => address.endsWith('/1');
  /** A look holds 100 messages: the first of these is in the second look. */
  const TWO_LOOKS = 101;

  it('waits for what is to come in a stream that has never held anything', async () => {
    const settled = knowing(() => false);
    const stop = new AbortController();
    const next = begin(settled).batches(8, stop.signal)[Symbol.asyncIterator]().next();
    const isAsking = async () => (await standing().catch(() => undefined))?.num_waiting === 1;
    await eventually('a consumer that was given nothing', isAsking);
    stop.abort();
    await next;
    const again = take(begin(settled), 1);
    await eventually('the next reader to ask', isAsking);
    const event = someEvent();
    await bus.publisher.publish(event);
    expect((await again).map(({ message }) => message.id)).toEqual([event.id]);
    expect(bus.logger.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('reads all anew when an event that is acked was never settled: the stream lost its end while nobody read', async () => {
    const asked: string[] = [];
    const known = new Set<string>();
    const settled = knowing(({ id, address }) => {
      asked.push(address);
      return known.has(id);
    });
    const [first, second] = await read(2);
    const third = someEvent();
    await bus.publisher.publish(third);

    for (const { id } of [first!, second!]) known.add(id);
    const next = await take(begin(settled), 1, (delivery) => delivery.nak(0));
    expect(next.map(({ message }) => message.id)).toEqual([third.id]);
    known.add(third.id);
    known.delete(first!.id);
    // What is not acked yet may be in somebody's hands: only then it is asked for what was delivered, but before the next
    // look that is due, which never is by this clock.
    stopTheClock();
    const all = await take(begin(settled), 4);
    expect(all.map(({ message }) => message.id)).toEqual([third.id, first!.id, second!.id, third.id]);
    expect(asked).toEqual([2, 1, 3, 2, 1].map((sequence) => `${bus.stream.name}/${sequence}`));
  });

  it('asks back to the newest settled event, and a second further since clocks differ', async () => {
    await read(TWO_LOOKS);
    const next = someEvent();
    await bus.publisher.publish(next);
    const oldest = (await manager.streams.getMessage(bus.stream.name, { seq: 1 }))!.time.getTime();
    const settledUntil = (time: number): Settled => ({
      ...knowing((event) => !isFirst(event)),
      newest: async () => new Date(time),
    });
    const [delivery] = await take(begin(settledUntil(oldest + 60_000)), 1);
    expect(delivery?.message.id).toBe(next.id);
    expect(messages()).not.toContain(LOST);
    await take(begin(settledUntil(oldest + 900)), TWO_LOOKS);
    expect(messages()).toContain(LOST);
  });

  it('asks once more as far back when it got no answer: what was settled meanwhile may have come after the loss', async () => {
    await read(TWO_LOOKS);
    const known = knowing((event) => !isFirst(event));
    let asked = 0;
    await take(
      begin({
        newest: async () => new Date(asked === 0 ? 0 : Date.now() + 60_000),
        all: async (events) => {
          if ((asked += 1) === 1) throw new Error('the database is away');
          return known.all(events);
        },
      }),
      TWO_LOOKS,
    );
    expect(messages()).toContain(LOST);
  });

  it('asks no further back than the stream goes', async () => {
    await beginStreamAt(100_000_000);
    await read(1);
    await bus.publisher.publish(someEvent());
    let looks = 0;
    const settled: Settled = { newest: async () => new Date(0), all: async () => (looks += 1) > 0 };
    expect(await take(begin(settled), 1)).toHaveLength(1);
    expect(looks).toBe(1);
  });

  it('is not stopped by a header that this client would not send', async () => {
    const odd = Object.assign(new MsgHdrsImpl(), {
      encode: () => Buffer.from('NATS/1.0\r\nNats-Msg-Id: odd\r\nno name: x\r\n\r\n'),
    });
    await bus.publisher.state();
    (await bus.link.connection()).publish(`${bus.prefix}.things.made`, 'x', { headers: odd });
    await eventually('it to be stored', async () => (await bus.publisher.state()).lastSequence === 1);
    expect(await bus.publisher.idAt(1)).toBe('odd');
    const { ids, stop } = readOn(knowing(() => true));
    await eventually('it', () => ids.length === 1);
    // Looks at what it was given last, and at what counts as delivered.
    await (await bus.link.connection()).reconnect();
    const event = someEvent();
    await eventually('another event', () => bus.publisher.publish(event).then(Boolean, () => false));
    await eventually('it to be read', () => ids.includes(event.id));
    await stop();
    expect(messages()).not.toContain(LOST);
  });

  it('begins again after an interruption: a server that comes back may have less than it had', async () => {
    const known = new Set<string>();
    const { ids, stop } = readOn(knowing(({ id }) => known.has(id)));
    const event = someEvent();
    await bus.publisher.publish(event);
    await eventually('the event', () => ids.length === 1);
    await (await bus.link.connection()).reconnect();
    await eventually('it to be read anew, since nobody knows of it', () => ids.length >= 2);
    known.add(event.id);
    await stop();
    expect(messages()).toContain(LOST);
  });

  it('on a stream that vanished under it takes the new one for no loss', async () => {
    const { ids, stop } = readOn(knowing(() => true));
    await bus.publisher.publish(someEvent());
    await eventually('the event', () => ids.length === 1);
    await manager.streams.delete(bus.stream.name);
    const isAsking = async () => (await standing().catch(() => undefined))?.num_waiting === 1;
    await eventually('stream and consumer made anew', isAsking);
    await (await bus.link.connection()).reconnect();
    await eventually('another event', () => bus.publisher.publish(someEvent()).then(Boolean, () => false));
    await eventually('it to be read', () => ids.length >= 2);
    await stop();
    expect(messages()).not.toContain(LOST);
  });

  /** Reads and acks until it is stopped. */
  function readOn(settled: Settled) {
    const stop = new AbortController();
    readers.add(stop);
    const ids: string[] = [];
    const reading = (async () => {
      for await (const batch of begin(settled).batches(8, stop.signal)) {
        for (const delivery of batch) {
          ids.push(delivery.message.id);
          delivery.ack();
        }
      }
    })();
    return {
      ids,
      stop: async () => {
        stop.abort();
        await reading;
      },
    };
  }
});
