/**
 * The tables of an outbox log, for a migration of the app that owns the database. Never edit it once it is released:
 * a change is a new constant and a new migration.
 *
 * - `outbox` is append-only. `position` comes from a sequence; `tx` is the writing transaction. Read in the order
 *   `(tx, position)` and with `tx` below the oldest running transaction, no row can appear late. A bare
 *   `position > last` would skip rows of transactions that commit late.
 * - `outbox` is partitioned by UTC day, so that retention drops a table instead of deleting rows. `outbox_default` gets
 *   rows only when `outbox_maintain` has not run for a week.
 * - `outbox_cursor` holds the position of a reader, the lease of the process that may move it, and the length of the
 *   stream at this position.
 * - `outbox_checkpoint` records, about once a second, the position of the cursor and the length of the stream. When the
 *   stream turns out to be shorter, younger or overwritten, the cursor goes back to the last checkpoint that it holds.
 */
export const OUTBOX_SCHEMA_V1 = `
CREATE SEQUENCE outbox_position;

CREATE TABLE outbox (
  position    bigint      NOT NULL DEFAULT nextval('outbox_position'),
  tx          xid8        NOT NULL DEFAULT pg_current_xact_id(),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  event_id    uuid        NOT NULL,
  subject     text        NOT NULL,
  headers     json        NOT NULL,
  body        text        NOT NULL
) PARTITION BY RANGE (recorded_at);

CREATE INDEX outbox_tx_position ON outbox (tx, position);
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

CREATE TABLE outbox_cursor (
  name              text        PRIMARY KEY,
  tx                xid8        NOT NULL DEFAULT '0',
  position          bigint      NOT NULL DEFAULT 0,
  system_identifier text        NOT NULL,
  owner             text,
  lease_until       timestamptz NOT NULL DEFAULT '-infinity',
  stream            text,
  stream_sequence   bigint      NOT NULL DEFAULT 0
);

CREATE TABLE outbox_checkpoint (
  name            text        NOT NULL,
  noted_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  tx              xid8        NOT NULL,
  position        bigint      NOT NULL,
  stream          text        NOT NULL,
  stream_sequence bigint      NOT NULL,
  PRIMARY KEY (name, noted_at)
);

INSERT INTO outbox_cursor (name, system_identifier)
  SELECT 'relay', system_identifier::text FROM pg_control_system();

CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NOTIFY outbox;
  RETURN NULL;
END $$;

CREATE TRIGGER outbox_notify AFTER INSERT ON outbox
  FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();

-- Makes the partitions of today and the next seven days, and drops the days that are wholly older than keep and
-- that every cursor has passed. Attaching takes no lock that stops a writer; dropping takes one for an instant
-- and gives up after 200 ms, to be tried again at the next call.
CREATE FUNCTION outbox_maintain(keep interval) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms' AS $$
DECLARE
  today  date := (now() AT TIME ZONE 'UTC')::date;
  day    date;
  leaf   text;
  unread boolean;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('outbox_maintain', 0)) THEN
    RETURN;
  END IF;
  FOR day IN SELECT today + n FROM generate_series(0, 7) AS n LOOP
    leaf := 'outbox_' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(leaf) IS NOT NULL;
    CONTINUE WHEN EXISTS (SELECT FROM outbox_default
      WHERE recorded_at >= day::timestamp AT TIME ZONE 'UTC' AND recorded_at < (day + 1)::timestamp AT TIME ZONE 'UTC');
    EXECUTE format('CREATE TABLE %I (LIKE outbox INCLUDING DEFAULTS INCLUDING INDEXES)', leaf);
    EXECUTE format('ALTER TABLE outbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      leaf, day || ' 00:00:00+00', (day + 1) || ' 00:00:00+00');
  END LOOP;
  FOR leaf IN
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'outbox'::regclass AND relname ~ '^outbox_[0-9]{8}$'
      AND (to_date(right(relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC' < now() - keep
    ORDER BY relname
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I AS log, outbox_cursor AS c
      WHERE (log.tx, log.position) > (c.tx, c.position))', leaf) INTO unread;
    IF NOT unread THEN
      EXECUTE format('DROP TABLE %I', leaf);
    END IF;
  END LOOP;
  DELETE FROM outbox_checkpoint WHERE noted_at < now() - keep;
END $$;

SELECT outbox_maintain('7 days');
`;

/**
 * Removes the trigger. A transaction with a NOTIFY commits under a lock of the whole cluster, so that commits wait for
 * each other. Instead the writer calls {@link Relay.appended} after its commit.
 */
export const OUTBOX_SCHEMA_V2 = `
DROP TRIGGER outbox_notify ON outbox;
DROP FUNCTION outbox_notify();
`;

/**
 * What a relay knows of its stream besides its length.
 *
 * - `message_id` is the event whose message has the sequence `stream_sequence`: if another message is there, the stream
 *   has lost its end. In `outbox_cursor` it is valid only while `message_sequence = stream_sequence`: relays of the
 *   previous version move `stream_sequence` alone.
 * - `known_gaps` are ranges `{"from", "to"}` of sequences that the stream had lost when it was last looked at: their
 *   events are published again.
 * - `rewound_at` is the last sequence of the stream at the last rewind.
 */
export const OUTBOX_SCHEMA_V3 = `
ALTER TABLE outbox_cursor
  ADD COLUMN message_sequence bigint,
  ADD COLUMN message_id       uuid,
  ADD COLUMN known_gaps       json   NOT NULL DEFAULT '[]',
  ADD COLUMN rewound_at       bigint NOT NULL DEFAULT 0;
ALTER TABLE outbox_checkpoint ADD COLUMN message_id uuid;
`;

/**
 * For copies of the database, and for readers that hold a partition.
 *
 * - `outbox_rebase` moves the entries of a log that comes from another cluster into a transaction of this one. It does
 *   nothing when there are none. It runs with the rights of its owner: the app's role need not update the log.
 * - Each partition has a replica identity, without which a publication of updates would refuse to rebase it. It costs an
 *   insert nothing.
 * - `outbox_maintain` also makes the cursor where a copy lacks it, goes on when a reader holds a partition, and empties
 *   the default partition once all its rows are as old as a day that is dropped.
 */
export const OUTBOX_SCHEMA_V4 = `
DO $$
DECLARE
  leaf regclass;
BEGIN
  FOR leaf IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'outbox'::regclass LOOP
    EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', leaf);
  END LOOP;
END $$;

CREATE FUNCTION outbox_rebase() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  newest   xid8;
  position bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('outbox_rebase', 0)) THEN
    RAISE lock_not_available USING MESSAGE = 'another relay is rebasing the log';
  END IF;
  SELECT tx INTO newest FROM outbox ORDER BY tx DESC, outbox.position DESC LIMIT 1;
  IF newest IS NULL OR newest < pg_snapshot_xmax(pg_current_snapshot()) THEN
    RETURN;
  END IF;
  UPDATE outbox SET tx = pg_current_xact_id();
  -- A logical replica starts its sequences anew.
  SELECT max(outbox.position) INTO position FROM outbox;
  IF position > (SELECT last_value FROM outbox_position) THEN
    PERFORM setval('outbox_position', position);
  END IF;
END $$;

-- Makes the partitions of today and the next seven days, and drops the days that are wholly older than keep and
-- that every cursor has passed. Each lock is tried for 200 ms. What a reader holds is left for the next call.
CREATE OR REPLACE FUNCTION outbox_maintain(keep interval) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms' AS $$
DECLARE
  today date := (now() AT TIME ZONE 'UTC')::date;
  day   date;
  leaf  text;
  keeps boolean;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('outbox_maintain', 0)) THEN
    RETURN;
  END IF;
  INSERT INTO outbox_cursor (name, system_identifier)
    SELECT 'relay', system_identifier::text FROM pg_control_system()
    -- A subscription that copies the table would find the row there, and fail.
    WHERE NOT EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = 'outbox_cursor'::regclass)
    ON CONFLICT DO NOTHING;
  DELETE FROM outbox_checkpoint WHERE noted_at < now() - keep;
  FOR day IN SELECT today + n FROM generate_series(0, 7) AS n LOOP
    leaf := 'outbox_' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(leaf) IS NOT NULL;
    CONTINUE WHEN EXISTS (SELECT FROM outbox_default
      WHERE recorded_at >= day::timestamp AT TIME ZONE 'UTC' AND recorded_at < (day + 1)::timestamp AT TIME ZONE 'UTC');
    BEGIN
      EXECUTE format('CREATE TABLE %I (LIKE outbox INCLUDING DEFAULTS INCLUDING INDEXES)', leaf);
      EXECUTE format('ALTER TABLE %I REPLICA IDENTITY FULL', leaf);
      EXECUTE format('ALTER TABLE outbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        leaf, day || ' 00:00:00+00', (day + 1) || ' 00:00:00+00');
    EXCEPTION WHEN lock_not_available THEN
      EXIT;
    END;
  END LOOP;
  IF EXISTS (SELECT FROM outbox_default) THEN
    BEGIN
      LOCK TABLE outbox_default IN ACCESS EXCLUSIVE MODE;
      SELECT count(c.name) = 0 OR bool_or(EXISTS (SELECT FROM outbox_default AS log
        WHERE log.recorded_at >= now() - keep OR (log.tx, log.position) > (c.tx, c.position)))
        INTO keeps FROM outbox_cursor AS c;
      IF NOT keeps THEN
        TRUNCATE outbox_default;
      END IF;
    EXCEPTION WHEN lock_not_available THEN
      NULL;
    END;
  END IF;
  FOR leaf IN
    SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'outbox'::regclass AND relname ~ '^outbox_[0-9]{8}$'
      AND (to_date(right(relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC' < now() - keep
    ORDER BY relname
  LOOP
    EXECUTE format('SELECT count(c.name) = 0 OR bool_or(EXISTS (SELECT FROM %I AS log
      WHERE (log.tx, log.position) > (c.tx, c.position))) FROM outbox_cursor AS c', leaf) INTO keeps;
    CONTINUE WHEN keeps;
    BEGIN
      EXECUTE format('DROP TABLE %I', leaf);
    EXCEPTION WHEN lock_not_available THEN
      EXIT;
    END;
  END LOOP;
END $$;
`;
