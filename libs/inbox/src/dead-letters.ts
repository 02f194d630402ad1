import type { Delivery } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import { z } from 'zod';

/** An event that comes again under another address (a replay, a stream made anew) is the letter that is there. */
const ADD = `
  INSERT INTO dead_letter (consumer, address, event_id, subject, headers, body, error, attempts)
  SELECT $1, $2, $3::text, $4, $5::jsonb, $6::bytea, $7, $8::integer
  WHERE $3 = '' OR NOT EXISTS (SELECT FROM dead_letter WHERE consumer = $1 AND event_id = $3)
  ON CONFLICT (consumer, event_id, address) DO NOTHING
  RETURNING id`;

/** In UTF-16 code units, of at most 3 bytes each; an index takes rows of 2,704 bytes. Ids of ours have 36. */
const LONGEST_ID = 512;

/** Keeps what a consumer could not take, in the transaction that settles it. */
export class DeadLetters {
  constructor(private readonly consumer: string) {}

  /** Keeps one delivery with the reason; keeping the same event again changes nothing. */
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

/** An error as a letter keeps it: one line, without values, so that equal mistakes read the same. */
export function describeError(error: unknown): string {
  return storable(oneLine(error)).slice(0, 4_000);
}

function oneLine(error: unknown): string {
  if (error instanceof z.ZodError) return `ZodError: ${schemaBreaks(error).join('; ')}`;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

/** What breaks a schema, each as `/json/pointer: what is wrong`. */
export function schemaBreaks(error: z.ZodError): string[] {
  return error.issues.map(
    ({ path, message }) => `${path.map((key) => `/${String(key)}`).join('') || '/'}: ${message}`,
  );
}

/** The id of an event as a letter has it: as much of it as an index takes. */
export function storableId(id: string): string {
  return storable(id.slice(0, LONGEST_ID));
}

/** A text as Postgres takes it: without NUL and without half surrogates. */
function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}
