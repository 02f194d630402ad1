/** The columns of an entry as operators look at it; `outbox` may be the table, or rows of it. */
const ENTRY = `
  outbox.tx::text, outbox.position::text, event_id AS id, subject, headers, body, recorded_at AS "recordedAt",
  CASE WHEN current_setting('track_commit_timestamp')::boolean
    THEN pg_xact_commit_timestamp(outbox.tx::xid) END AS "committedAt",
  coalesce((outbox.tx, outbox.position) <= ((SELECT tx FROM outbox_cursor WHERE name = 'relay'),
                                            (SELECT position FROM outbox_cursor WHERE name = 'relay')), false) AS published`;

/** `xmin` has 32 bits. The transaction that wrote a row is the last one with these bits. */
const WRITER = `
  SELECT greatest(0, CASE WHEN writer < next THEN writer ELSE writer - 4294967296 END)::text::xid8
  FROM (SELECT next, next / 4294967296 * 4294967296 + $2::bigint AS writer
        FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next) AS snapshot) AS candidate`;

/** $1 = subject, $2 = xmin. A transaction holds one batch of orders. */
export const IN_TRANSACTION = `
  SELECT ${ENTRY} FROM outbox
  WHERE outbox.tx = (${WRITER}) AND headers->>'ce-subject' = $1
  ORDER BY outbox.tx, outbox.position LIMIT 100`;

/**
 * Bisects the log, whose times rise with its transactions but for the length of a transaction. Each step is a look into the
 * index of each partition.
 */
export const FIRST_AT = `
  WITH RECURSIVE search (low, high) AS (
    SELECT (SELECT outbox.tx FROM outbox ORDER BY outbox.tx, outbox.position LIMIT 1)::text::bigint,
           (SELECT outbox.tx FROM outbox ORDER BY outbox.tx DESC, outbox.position DESC LIMIT 1)::text::bigint
    UNION ALL
    SELECT CASE WHEN is_later THEN low ELSE middle + 1 END, CASE WHEN is_later THEN middle ELSE high END
    FROM (SELECT low, high, (low + high) / 2 AS middle FROM search WHERE low < high) AS half
    CROSS JOIN LATERAL (
      SELECT recorded_at >= $1 AS is_later FROM outbox WHERE outbox.tx >= middle::text::xid8
      ORDER BY outbox.tx, outbox.position LIMIT 1) AS probe
  )
  SELECT low::text AS tx FROM search WHERE low = high`;

/** The bounds are in sub-selects for the same reason as in OutboxLog.read. */
export const IN_WINDOW = `
  SELECT ${ENTRY}
  FROM (
    SELECT tx, position, event_id, subject, headers, body, recorded_at FROM outbox
    WHERE outbox.tx >= (SELECT $2::xid8) AND outbox.tx <= (SELECT $3::xid8)
    ORDER BY outbox.tx, outbox.position LIMIT $4
  ) AS outbox
  WHERE headers->>'ce-subject' = $1 LIMIT $5`;

/**
 * The first checkpoint at or after an entry; the cursor while there is none. $1 = when it was recorded, $2 and $3 = its
 * place, $4 = most entries to count.
 */
export const PLACE = `
  WITH checkpoint AS (
    (SELECT tx, position, stream_sequence FROM outbox_checkpoint
     WHERE name = 'relay' AND noted_at >= $1 AND (tx, position) >= ($2::xid8, $3::bigint)
     ORDER BY noted_at LIMIT 1)
    UNION ALL
    SELECT tx, position, stream_sequence FROM outbox_cursor
    WHERE name = 'relay' AND (tx, position) >= ($2::xid8, $3::bigint)
  ), next AS (
    SELECT * FROM checkpoint ORDER BY checkpoint.tx, checkpoint.position LIMIT 1
  )
  SELECT stream_sequence::float8 AS reached, (
    SELECT count(*)::int FROM (
      SELECT FROM outbox
      WHERE (outbox.tx, outbox.position) > ((SELECT $2::xid8), (SELECT $3::bigint))
        AND (outbox.tx, outbox.position) <= (next.tx, next.position)
      ORDER BY outbox.tx, outbox.position LIMIT $4) AS passed) AS between
  FROM next`;
