import { describe, expect, it } from '@jest/globals';
import { nanos } from '@nats-io/transport-node';
import { RetentionPolicy, type StreamConfig } from '@nats-io/jetstream';
import { someEvent } from '../testing/fixtures.js';
import { useJetStream } from '../testing/jetstream-bus.js';
import { STREAM_MAX_AGE_MS } from './stream.js';

const jetStream = useJetStream();

/** Creates the stream with these settings. */
function createStream(settings: Partial<StreamConfig> = {}) {
  const { bus, manager } = jetStream;
  return manager.streams.add({ ...bus.stream, subjects: [...bus.stream.subjects], ...settings });
}

async function publish(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await jetStream.bus.publisher.publish(someEvent());
}

describe('the state of a stream', () => {
  it('is empty before the first message', async () => {
    await createStream({ first_seq: 8 });
    const { publisher } = jetStream.bus;
    const empty = { firstTime: undefined, gaps: [] };
    expect(await publisher.state()).toMatchObject({ ...empty, firstSequence: 8, lastSequence: 7 });
    await publish(2);
    await jetStream.manager.streams.purge(jetStream.bus.stream.name);
    expect(await publisher.state()).toMatchObject({ ...empty, firstSequence: 10, lastSequence: 9 });
  });

  it('has the oldest message and what is missing after it', async () => {
    const { bus, manager } = jetStream;
    await createStream();
    await publish(9);
    for (const sequence of [1, 3, 4, 5, 8]) await manager.streams.deleteMessage(bus.stream.name, sequence);
    const { time } = (await manager.streams.getMessage(bus.stream.name, { seq: 2 }))!;
    expect(await bus.publisher.state()).toMatchObject({
      ...{ firstSequence: 2, firstTime: time, lastSequence: 9 },
      gaps: [
        { from: 3, to: 5 },
        { from: 8, to: 8 },
      ],
    });
  });

  it.each<[string, Partial<StreamConfig> | undefined, number]>([
    ['less than a week in a stream of ours', undefined, (STREAM_MAX_AGE_MS - 3_600_000) * 0.9],
    ['for ever without an age', {}, Infinity],
    ['for ever when a limit refuses new messages', { max_msgs: 5, discard: 'new' }, Infinity],
    ['at no time when a limit drops old messages', { max_bytes: 5_000_000 }, 0],
    ['at no time when a limit of a subject does', { max_msgs_per_subject: 5, discard: 'new' }, 0],
    ['at no time when acks delete messages', { retention: RetentionPolicy.Interest }, 0],
    ['no longer than it takes ids for known', { max_age: nanos(5_000), duplicate_window: nanos(5_000) }, 0],
  ])('says how long messages are kept: %s', async (_, settings, keepsForMs) => {
    if (settings) await createStream(settings);
    expect(await jetStream.bus.publisher.state()).toMatchObject({ keepsForMs });
  });
});
