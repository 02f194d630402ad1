import { describe, expect, it } from '@jest/globals';
import { someEvent } from '../testing/fixtures.js';
import { useJetStream } from '../testing/jetstream-bus.js';

const jetStream = useJetStream();

describe('JetStreamPublisher', () => {
  it('creates a stream that keeps what it was given', async () => {
    const { bus, manager } = jetStream;
    await bus.publisher.publish(someEvent());
    const { config } = await manager.streams.info(bus.stream.name);
    expect(config).toMatchObject({ storage: 'file', discard: 'new', deny_delete: true, deny_purge: true });
  });

  it('recreates a stream that disappeared: the publish that meets it fails, the next one works', async () => {
    const { bus, manager } = jetStream;
    await bus.publisher.publish(someEvent());
    await manager.streams.delete(bus.stream.name);
    await expect(bus.publisher.publish(someEvent())).rejects.toThrow();
    await bus.publisher.publish(someEvent());
    expect((await manager.streams.info(bus.stream.name)).state.messages).toBe(1);
  });

  it('returns another id and length for a recreated stream', async () => {
    const { bus, manager } = jetStream;
    const { sequence, duplicate } = await bus.publisher.publish(someEvent());
    expect([sequence, duplicate]).toEqual([1, false]);
    const before = await bus.publisher.state();
    expect(before.lastSequence).toBe(1);
    await manager.streams.delete(bus.stream.name);
    const after = await bus.publisher.state();
    expect(after).toEqual({ id: expect.not.stringContaining(before.id), lastSequence: 0 });
  });
});
