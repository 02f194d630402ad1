import { OUTBOX_SCHEMA_V5 } from '../outbox-owner-schema.js';
import { OUTBOX_SCHEMA_V1, OUTBOX_SCHEMA_V2, OUTBOX_SCHEMA_V3, OUTBOX_SCHEMA_V4 } from '../outbox-schema.js';

/** As it was before its functions were for the relay alone. */
export const OUTBOX_SCHEMA_BEFORE_V5 =
  OUTBOX_SCHEMA_V1 + OUTBOX_SCHEMA_V2 + OUTBOX_SCHEMA_V3 + OUTBOX_SCHEMA_V4;

/** The schema after all migrations. */
export const OUTBOX_SCHEMA = OUTBOX_SCHEMA_BEFORE_V5 + OUTBOX_SCHEMA_V5;
