export { consumerCommand } from './consumer-command.js';
export { consumerMetrics } from './consumer-metrics.js';
export { deadLetterCommand } from './dead-letter-command.js';
export {
  auditOf,
  findDeadLetter,
  groupDeadLetters,
  selectDeadLetters,
  waitingGroups,
} from './dead-letter-reads.js';
export { DeadLetters } from './dead-letters.js';
export { eventHandler, handlersFor, type SequenceGap } from './event-handler.js';
export { InboxConsumer } from './inbox-consumer.js';
export { InboxHandlers } from './inbox-handlers.js';
export { CONSUMER_RIGHTS, DEAD_LETTER_RIGHTS } from './inbox-rights.js';
export { INBOX_SCHEMA_V1 } from './inbox-schema.js';
export { Inbox } from './inbox.js';
export { findDeliveries } from './inbox-deliveries.js';
export { inboxConfig, serveInbox } from './serve-inbox.js';
export { discard, redrive } from './redrive.js';
export { settledEvents } from './settled.js';
export { startConsumer } from './start-consumer.js';
