export { readContext, toMessage, type ReceivedEvent } from './cloud-event.js';
export { firstUuidV7 } from './event-id.js';
export { consumerNames } from './jetstream/consumer-names.js';
export { JetStreamPublisher } from './jetstream/jetstream-publisher.js';
export { JetStreamSource } from './jetstream/jetstream-source.js';
export { natsConfig } from './jetstream/nats-config.js';
export { NatsLink } from './jetstream/nats-link.js';
export { STREAM_MAX_AGE_MS } from './jetstream/stream.js';
export type { Log } from './log.js';
export { MemoryBus } from './memory/memory-bus.js';
export {
  EventPublisher,
  EventSource,
  type Delivery,
  type Message,
  type Receipt,
  type SequenceRange,
  type SettledEvents,
  type StreamState,
} from './message.js';
