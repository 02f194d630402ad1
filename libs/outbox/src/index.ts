export { OutboxCursor } from './outbox-cursor.js';
export { OUTBOX_SCHEMA_V5 } from './outbox-owner-schema.js';
export { type LogPosition, OutboxLog } from './outbox-log.js';
export { LOG_START, replay } from './outbox-replay.js';
export { APPEND_RIGHTS, RELAY_RIGHTS, REPLAY_RIGHTS } from './outbox-rights.js';
export { OUTBOX_SCHEMA_V1, OUTBOX_SCHEMA_V2, OUTBOX_SCHEMA_V3, OUTBOX_SCHEMA_V4 } from './outbox-schema.js';
export { replayCommand } from './replay-command.js';
export { startOutbox } from './start-outbox.js';
export { streamCommand } from './stream-command.js';
