// The statements of OutboxCursor. $1 is the name of the cursor, $2 the owner of the lease.

/** Counting stops here: the cost of the metric must not grow with the backlog. */
const PENDING_CEILING = 100_000;

/** The columns of a {@link Cursor}. */
const CURSOR = `
  tx::text, position::text, stream, stream_sequence::float8 AS "streamSequence",
  CASE WHEN message_sequence = stream_sequence THEN message_id END AS "messageId",
  known_gaps AS "knownGaps", rewound_at::float8 AS "rewoundAt"`;

/** Every transaction id that this server has given out to a committed row is below. */
const NEXT_TX = 'pg_snapshot_xmax(pg_current_snapshot())';

/** A base backup, a promoted standby and the result of pg_upgrade go on with the ids of their origin: they are no copies. */
export const ACQUIRE = `
  WITH taken AS (
    UPDATE outbox_cursor SET owner = $2, lease_until = clock_timestamp() + $3 * interval '1 ms'
    WHERE name = $1 AND (owner = $2 OR owner IS NULL OR lease_until < clock_timestamp())
    RETURNING ${CURSOR}
  )
  SELECT taken.*,
    greatest(tx::xid8, (SELECT outbox.tx FROM outbox ORDER BY outbox.tx DESC, outbox.position DESC LIMIT 1))
      >= ${NEXT_TX} AS "clusterChanged",
    (SELECT subname FROM pg_subscription JOIN pg_subscription_rel ON srsubid = pg_subscription.oid
      WHERE subenabled AND (srrelid = 'outbox'::regclass OR EXISTS (
        SELECT FROM pg_inherits WHERE inhrelid = srrelid AND inhparent = 'outbox'::regclass))
      LIMIT 1) AS subscription
  FROM taken`;

/** Does not wait for the disk: when a crash sets the cursor back, the stream only gets known ids again. */
export const ADVANCE = `
  WITH moved AS (
    UPDATE outbox_cursor
    SET tx = $5, position = $6, lease_until = clock_timestamp() + $7 * interval '1 ms',
        stream = $8, stream_sequence = $9, message_sequence = $9, message_id = $10
    WHERE name = $1 AND owner = $2 AND tx = $3 AND position = $4
    RETURNING name, tx, position, stream, stream_sequence, message_id
  ), noted AS (
    INSERT INTO outbox_checkpoint (name, tx, position, stream, stream_sequence, message_id)
    SELECT name, tx, position, stream, stream_sequence, message_id FROM moved
    WHERE NOT EXISTS (
      SELECT FROM outbox_checkpoint WHERE name = $1 AND noted_at > now() - interval '1 s')
  )
  SELECT count(*)::int AS moved, set_config('synchronous_commit', 'off', true) FROM moved`;

/**
 * When no checkpoint is left, it makes one for the start of the log. That one knows how old the stream's first message
 * is: when this message is gone before its time, the stream has lost its beginning.
 */
export const REWIND = `
  WITH kept AS (
    SELECT tx, position, stream_sequence, message_id FROM outbox_checkpoint
    WHERE name = $1 AND stream = $3 AND stream_sequence <= $4
    ORDER BY noted_at DESC LIMIT 1
  ), gone AS (
    DELETE FROM outbox_checkpoint
    WHERE name = $1 AND (stream <> $3 OR stream_sequence > $4)
      AND EXISTS (SELECT FROM outbox_cursor AS c WHERE c.name = $1 AND c.owner = $2)
  ), moved AS (
    UPDATE outbox_cursor SET
      tx = coalesce((SELECT tx FROM kept), '0'),
      position = coalesce((SELECT position FROM kept), 0),
      stream = $3,
      stream_sequence = coalesce((SELECT stream_sequence FROM kept), 0),
      message_sequence = (SELECT stream_sequence FROM kept),
      message_id = (SELECT message_id FROM kept),
      known_gaps = $5,
      rewound_at = $6
    WHERE name = $1 AND owner = $2
    RETURNING ${CURSOR}
  ), noted AS (
    INSERT INTO outbox_checkpoint (name, noted_at, tx, position, stream, stream_sequence)
    SELECT $1, coalesce($7, clock_timestamp()), '0', 0, $3, $8 FROM moved WHERE NOT EXISTS (SELECT FROM kept)
    ON CONFLICT DO NOTHING
  )
  SELECT * FROM moved`;

export const OLDEST_SEQUENCE = `
  SELECT stream_sequence::float8 AS sequence FROM outbox_checkpoint
  WHERE name = $1 AND stream = $2 AND noted_at > now() - $3 * interval '1 ms'
  ORDER BY noted_at LIMIT 1`;

export const RELEASE = `
  WITH released AS (
    UPDATE outbox_cursor SET owner = NULL, lease_until = '-infinity' WHERE name = $1 AND owner = $2 RETURNING 1
  )
  SELECT count(*) FROM released`;

/** At the start of the log the cursor has passed nothing, whatever ids this server gives out until the log is rebased. */
export const FORGET_FOREIGN_POSITION = `
  WITH forgotten AS (
    UPDATE outbox_cursor SET
      tx = '0', position = 0, stream = NULL, stream_sequence = 0, known_gaps = '[]', rewound_at = 0
    WHERE name = $1 AND tx >= ${NEXT_TX}
    RETURNING name
  ), gone AS (
    DELETE FROM outbox_checkpoint WHERE name IN (SELECT name FROM forgotten)
  )
  SELECT count(*) FROM forgotten`;

/** Several statements without parameters are one transaction. No timeouts: updating the whole log may take long. */
export const REBASE = `
  SET LOCAL statement_timeout = 0;
  SET LOCAL lock_timeout = 0;
  SELECT outbox_rebase()`;

export const STATS = `
  WITH unread AS (
    SELECT tx, recorded_at FROM outbox
    WHERE (tx, position) > ((SELECT tx FROM outbox_cursor WHERE name = $1),
                            (SELECT position FROM outbox_cursor WHERE name = $1))
    ORDER BY tx, position LIMIT ${PENDING_CEILING}
  )
  SELECT count(*)::int AS pending,
         coalesce(extract(epoch FROM now() - min(recorded_at)), 0)::float8 AS age,
         count(*) FILTER (WHERE tx >= pg_snapshot_xmin(pg_current_snapshot()))::int AS "heldBack"
  FROM unread`;
