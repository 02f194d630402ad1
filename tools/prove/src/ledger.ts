import { createHash } from 'node:crypto';
import { closeSync, fdatasync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

export interface Item {
  sku: string;
  quantity: number;
  priceCents: number;
}

/** What a client wanted: one idempotency key, however often it is sent. */
export interface Operation {
  readonly key: string;
  readonly customer: string;
  /** Hash of the items, see {@link payloadHash}. */
  readonly hash: string;
  /** False when the platform must refuse it. */
  readonly valid: boolean;
  /** Every 2xx: which order, and a hash of the whole answer. */
  readonly acks: { id: string; body: string }[];
  /** Its order was cancelled, and that was acknowledged. */
  canceled: boolean;
  /** An attempt ended without a definite answer. */
  unknown: boolean;
  /** A later answer showed that it had been done. */
  recovered: boolean;
}

/** One answer, or the lack of one (status 0). */
export interface Attempt {
  status: number;
  ms: number;
  id?: string | undefined;
  body?: string | undefined;
  error?: string | undefined;
}

const sync = promisify(fdatasync);

/**
 * What the clients know, in memory and in an append-only file of JSON lines: each intention before it is sent, each answer
 * as it comes. An acknowledgement counts once the file is synced.
 */
export class Ledger {
  readonly operations = new Map<string, Operation>();
  readonly #file: number;
  #syncing: Promise<void> | undefined;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  /** Notes what is about to be sent. */
  intend(
    key: string,
    customer: string,
    { items, valid }: { items: readonly Item[]; valid: boolean },
  ): Operation {
    const hash = payloadHash(items);
    const operation: Operation = {
      key,
      customer,
      hash,
      valid,
      acks: [],
      canceled: false,
      unknown: false,
      recovered: false,
    };
    this.operations.set(key, operation);
    this.#write({ at: Date.now(), intend: key, customer, hash, valid });
    return operation;
  }

  /** Notes an answer; resolves when it is on disk, if it is an acknowledgement. */
  async note(operation: Operation, attempt: Attempt, replayed = false): Promise<void> {
    this.#write({ at: Date.now(), key: operation.key, ...attempt });
    if (attempt.status < 200 || attempt.status > 299) {
      operation.unknown ||= attempt.status === 0 || attempt.status >= 500;
      return;
    }
    if (attempt.id === undefined) return;
    operation.recovered ||= operation.unknown && replayed;
    operation.acks.push({ id: attempt.id, body: attempt.body ?? '' });
    await this.#onDisk();
  }

  async noteCanceled(operation: Operation): Promise<void> {
    operation.canceled = true;
    this.#write({ at: Date.now(), canceled: operation.key });
    await this.#onDisk();
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(entry: object): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** One sync serves every write before it began. */
  async #onDisk(): Promise<void> {
    await this.#syncing;
    this.#syncing ??= sync(this.#file).finally(() => (this.#syncing = undefined));
    await this.#syncing;
  }
}

/** The same for the same items, whatever the order of their fields. */
export function payloadHash(items: readonly Item[]): string {
  return shortHash(JSON.stringify(items.map(({ sku, quantity, priceCents }) => [sku, quantity, priceCents])));
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
