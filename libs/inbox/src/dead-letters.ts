import type { Delivery } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import { z } from 'zod';

/** An event that arrives again at another address (by a replay, in a recreated stream) is not added again. */
const ADD = `
  INSERT INTO dead_letter (consumer, address, event_id, subject, headers, body, error, attempts)
  SELECT $1, $2, $3::text, $4, $5::jsonb, $6::bytea, $7, $8::integer
  WHERE $3 = '' OR NOT EXISTS (SELECT FROM dead_letter WHERE consumer = $1 AND event_id = $3)
  ON CONFLICT (consumer, event_id, address) DO NOTHING
  RETURNING id`;

/** In UTF-16 code units of at most 3 bytes each: an index row has at most 2,704 bytes. Our own ids have 36. */
const LONGEST_ID = 512;

/** Stores the events that a consumer cannot process, in the transaction that settles them. */
export class DeadLetters {
  constructor(private readonly consumer: string) {}

  /** Adds a delivery with its error. Adding the same event again changes nothing. */
  async add(tx: Queryable, { message, address, attempt }: Delivery, error: unknown): Promise<void> {
    await tx.query(ADD, [
      this.consumer,
      address,
      storableId(message.id),
      storable(message.subject),
      JSON.stringify(Object.fromEntries(Object.entries(message.headers).map((pair) => pair.map(storable)))),
      Buffer.from(message.body),
      describeError(error),
      attempt,
    ]);
  }
}

/**
 * The text of an error as a dead letter stores it: one line of at most 4,000 characters. Schema errors are described
 * without values, so that equal errors have equal texts.
 */
export function describeError(error: unknown): string {
  return storable(oneLine(error)).slice(0, 4_000);
}

function oneLine(error: unknown): string {
  if (error instanceof z.ZodError) return `ZodError: ${schemaViolations(error).join('; ')}`;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

/** The violations of a schema, each as `/json/pointer: what is wrong`. */
export function schemaViolations(error: z.ZodError): string[] {
  return error.issues.map(
    ({ path, message }) => `${path.map((key) => `/${String(key)}`).join('') || '/'}: ${message}`,
  );
}

/** The id of an event as a dead letter stores it: cut to the length that an index takes. */
export function storableId(id: string): string {
  return storable(id.slice(0, LONGEST_ID));
}

/** The text in a form that Postgres accepts: without NUL and without lone surrogates. */
function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}
