export { toMessage, type ReceivedEvent } from './cloud-event.js';
export { consumerMetrics, observeLag } from './consumer/consumer-metrics.js';
export { eventHandler, type SequenceGap } from './consumer/event-handler.js';
export { isTransientDatabaseError, PermanentError } from './consumer/fate.js';
export { InboxConsumer } from './consumer/inbox-consumer.js';
export { InboxHandlers } from './consumer/inbox-handlers.js';
export {
  auditOf,
  findDeadLetter,
  groupDeadLetters,
  selectDeadLetters,
  type DeadLetter,
  type DeadLetterFilter,
} from './inbox/dead-letter-reads.js';
export { DeadLetters, describeError, schemaBreaks } from './inbox/dead-letters.js';
export { INBOX_SCHEMA_V1 } from './inbox/inbox-schema.js';
export { Inbox } from './inbox/inbox.js';
export { discard, redrive } from './inbox/redrive.js';
export { settledBy, type Settled } from './inbox/settled.js';
export { consumerNames } from './jetstream/consumer-names.js';
export { JetStreamPublisher } from './jetstream/jetstream-publisher.js';
export { JetStreamSource } from './jetstream/jetstream-source.js';
export { NatsLink } from './jetstream/nats-link.js';
export { STREAM_MAX_AGE_MS } from './jetstream/stream.js';
export { MemoryBus } from './memory/memory-bus.js';
export { EventPublisher, type Message } from './message.js';
export { listenForAppends } from './outbox/outbox-listener.js';
export { OutboxCursor } from './outbox/outbox-cursor.js';
export { OutboxLog, type Place } from './outbox/outbox-log.js';
export { observeOutbox, relayMetrics } from './outbox/outbox-metrics.js';
export { countReplay, hasLostEvents, LOG_START, replay, type ReplayRange } from './outbox/outbox-replay.js';
export { OUTBOX_SCHEMA_V1, OUTBOX_SCHEMA_V2 } from './outbox/outbox-schema.js';
export { Relay } from './outbox/relay.js';
export { preparing } from './preparing.js';
export type { Queryable, TransactionRunner } from './queryable.js';
