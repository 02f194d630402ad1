import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { freshKey, type SystemUnderFuzz } from './system-under-fuzz.ts';

const BODY = JSON.stringify({ items: [{ sku: 'apple', quantity: 3, priceCents: 250 }] });
const PAUSE_MS = 20;

/** A customer with good orders, one after the other, while others send what they like. */
export class Neighbour {
  readonly #sut: SystemUnderFuzz;
  readonly #headers: Readonly<Record<string, string>>;
  #durations: number[] = [];
  #going = true;
  readonly #ended: Promise<void>;
  /** What went wrong with its orders. */
  readonly findings: string[] = [];

  private constructor(sut: SystemUnderFuzz, headers: Readonly<Record<string, string>>) {
    this.#sut = sut;
    this.#headers = headers;
    this.#ended = this.#live();
  }

  static async beside(sut: SystemUnderFuzz): Promise<Neighbour> {
    return new Neighbour(sut, await sut.headersOf('neighbour'));
  }

  /** The 99th percentile of the durations since the last call, in ms. */
  p99(): number {
    const sorted = this.#durations.sort((a, b) => a - b);
    this.#durations = [];
    return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#ended;
  }

  async #live(): Promise<void> {
    while (this.#going) {
      const began = performance.now();
      try {
        const headers = { ...this.#headers, 'idempotency-key': freshKey('neighbour') };
        const { status, body } = await this.#sut.send({
          method: 'POST',
          path: '/orders',
          headers,
          body: BODY,
        });
        if (status !== 201) this.findings.push(`a good order beside the cases got ${status}: ${body}`);
      } catch (error) {
        this.findings.push(`a good order beside the cases failed: ${String(error)}`);
      }
      this.#durations.push(performance.now() - began);
      await delay(PAUSE_MS);
    }
  }
}
