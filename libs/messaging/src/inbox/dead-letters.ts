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
      message.id,
      message.subject,
      JSON.stringify(message.headers).replaceAll('\\u0000', ''),
      Buffer.from(message.body),
      describe(error),
      attempt,
    ]);
  }
}

function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll('\0', '').slice(0, 4_000);
}
