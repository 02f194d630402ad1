/**
 * The tables of a consumer's inbox, for a migration of the app that owns the database. Never edit it once it is
 * released: a change is a new constant and a new migration.
 *
 * - `inbox` holds the id of every event that has taken effect.
 * - `dead_letter` keeps the events that can take none, as received; `body` is bytea, because it may be no valid text.
 *   `error` is that of the last attempt, `attempts` counts them. An address alone is no key: a recreated stream counts
 *   from 1 again.
 * - `dead_letter_audit` records what operators did to dead letters. It has no foreign key, so that it outlives them.
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
  state      text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'redriven', 'discarded')),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (consumer, event_id, address)
);
CREATE INDEX dead_letter_waiting ON dead_letter (id) WHERE state = 'waiting';

CREATE TABLE dead_letter_audit (
  id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at        timestamptz NOT NULL DEFAULT now(),
  operator  text        NOT NULL,
  action    text        NOT NULL CHECK (action IN ('redrive', 'discard')),
  letter_id bigint      NOT NULL,
  consumer  text        NOT NULL,
  event_id  text        NOT NULL,
  result    text        NOT NULL CHECK (result IN ('applied', 'duplicate', 'failed', 'discarded')),
  detail    text        NOT NULL
);
CREATE INDEX dead_letter_audit_letter ON dead_letter_audit (letter_id);
`;
