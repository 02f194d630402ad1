/**
 * The tables of a consumer's inbox, for a migration of the app that owns the database. Never edited once released:
 * a change is a new constant and a new migration.
 *
 * `inbox` holds the id of every event that has taken effect; `dead_letter` keeps what can take none, as received
 * (bytea: it may be no valid text).
 */
export const INBOX_SCHEMA_V1 = `
CREATE TABLE inbox (
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  PRIMARY KEY (consumer, event_id)
);

CREATE TABLE dead_letter (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer   text        NOT NULL,
  address    text        NOT NULL,
  event_id   text        NOT NULL,
  subject    text        NOT NULL,
  headers    jsonb       NOT NULL,
  body       bytea       NOT NULL,
  error      text        NOT NULL,
  attempts   integer     NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (consumer, address)
);
`;
