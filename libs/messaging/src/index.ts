export { readContext, toMessage, type ReceivedEvent } from './cloud-event.js';
export { firstUuidV7 } from './event-id.js';
export { CatchUpSource } from './jetstream/catch-up-source.js';
export { ConsumerAdmin } from './jetstream/consumer-admin.js';
export { consumerNames } from './jetstream/consumer-names.js';
export { JetStreamPublisher } from './jetstream/jetstream-publisher.js';
export { JetStreamSource } from './jetstream/jetstream-source.js';
export { askNats, withNats } from './jetstream/nats-command.js';
export {
  natsConfig,
  type NatsConfigValues,
  oneNatsUser,
  streamConfig,
  streamSettings,
} from './jetstream/nats-config.js';
export { NatsLink } from './jetstream/nats-link.js';
export { RefusedSetupError } from './jetstream/refused-setup.js';
export { declaredStream, type DeclaredStream } from './jetstream/declared-stream.js';
export { StreamAdmin, WouldDeleteError } from './jetstream/stream-admin.js';
export { describeDifference, type StreamDifference } from './jetstream/stream-differences.js';
export { STREAM_MAX_AGE_RANGE_MS, type StreamSettings } from './jetstream/stream-settings.js';
export { type Log, SILENT } from './log.js';
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
