import type { Delivery } from '../message.js';
import type { Queryable } from '../queryable.js';

const ADD = `
  INSERT INTO dead_letter (consumer, address, event_id, subject, headers, body, error, attempts)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (consumer, address) DO NOTHING
  RETURNING id`;

/** Keeps what a consumer could not take, in the transaction that settles it. */
export class DeadLetters {
  constructor(private readonly consumer: string) {}

  /** Keeps one delivery with the reason; keeping the same one again changes nothing. */
  async add(tx: Queryable, { message, address, attempt }: Delivery, error: unknown): Promise<void> {
    await tx.query(ADD, [
      this.consumer,
      address,
      storable(message.id),
      storable(message.subject),
      JSON.stringify(Object.fromEntries(Object.entries(message.headers).map((pair) => pair.map(storable)))),
      Buffer.from(message.body),
      describe(error),
      attempt,
    ]);
  }
}

function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return storable(text).slice(0, 4_000);
}

/** Postgres takes neither NUL nor half a surrogate. */
function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}
