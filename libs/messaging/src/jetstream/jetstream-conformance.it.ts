import { jetstreamManager } from '@nats-io/jetstream';
import type { Delivery } from '../message.js';
import { testBusConformance } from '../testing/bus-conformance.js';
import { openBus } from '../testing/jetstream-bus.js';
import type { JetStreamSource } from './jetstream-source.js';

testBusConformance('JetStream', async () => {
  const { link, stream, publisher, source, prefix } = openBus({ ackWaitMs: 500 });
  const manager = await jetstreamManager(await link.connection());
  return {
    publisher,
    source: withoutPrefix(source, prefix),
    close: async () => {
      await manager.streams.delete(stream.name).catch(() => undefined);
      await link.close();
    },
  };
});

/** Removes the prefix of the bus from the subjects. */
function withoutPrefix(source: JetStreamSource, prefix: string): JetStreamSource {
  const batches = async function* (max: number, signal: AbortSignal) {
    for await (const batch of source.batches(max, signal)) {
      yield batch.map((delivery) => {
        const subject = delivery.message.subject.slice(prefix.length + 1);
        return Object.assign(Object.create(delivery) as Delivery, {
          message: { ...delivery.message, subject },
        });
      });
    }
  };
  return Object.assign(Object.create(source) as JetStreamSource, { batches });
}
