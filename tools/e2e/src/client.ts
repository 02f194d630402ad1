import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironments } from '@orders/dev/stack/environments';
import { startSystem, type System } from '@orders/dev/stack/system';
import type { SystemOptions } from '@orders/dev/stack/site';
import { of } from '@orders/dev/stack/wiring';

export const ITEMS = [
  { sku: 'apple', quantity: 3, priceCents: 250 },
  { sku: 'pear', quantity: 1, priceCents: 99 },
];

export interface Answer {
  status: number;
  headers: Headers;
  // Black box: whatever the body holds.
  body: Record<string, unknown> & { id: string };
}

export interface SystemUnderTest {
  system: System;
  /** Lines that the apps have printed, as `app: line`. */
  lines: string[];
  /** The environment of an app's command line, as `npm run` of the app gives it. */
  commandEnvironment: (app: string) => NodeJS.ProcessEnv;
  dispose(): Promise<void>;
}

/** A gateway that waits instead of refusing: the machine may be busy, and overload is tested elsewhere. */
const PATIENT = { MAX_EVENT_LOOP_DELAY_MS: '5000', MAX_QUEUE_MS: '5000' };

/** The whole system on free ports and fresh data; everything is gone after `dispose`. */
export async function freshSystem(options: Partial<SystemOptions> = {}): Promise<SystemUnderTest> {
  const dataDir = mkdtempSync(join(tmpdir(), 'orders-e2e-'));
  const lines: string[] = [];
  const onLine = (app: string, line: string) => void lines.push(`${app}: ${line}`);
  const env = { ...PATIENT, ...options.env };
  const system = await startSystem({ dataDir, onLine, build: false, ...options, env });
  const dispose = async () => {
    await system.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  const commandEnvironment = (app: string) => ({ ...process.env, ...of(readEnvironments(dataDir)!, app) });
  return { system, lines, commandEnvironment, dispose };
}

/** A customer of the API. */
export class Customer {
  readonly #api: string;
  readonly #token: string;

  constructor(api: string, token: string) {
    this.#api = api;
    this.#token = token;
  }

  static async of(system: System, sub: string, scopes?: string): Promise<Customer> {
    return new Customer(system.urls.api, await system.token(sub, scopes));
  }

  /** @throws TypeError when nobody answers */
  async request(
    method: string,
    path: string,
    init: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.#api}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...init.headers,
      },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    const body = (text === '' ? {} : JSON.parse(text)) as Answer['body'];
    return { status: response.status, headers: response.headers, body };
  }

  order(key: string = randomUUID(), body: unknown = { items: ITEMS }): Promise<Answer> {
    return this.request('POST', '/orders', { body, headers: { 'idempotency-key': key } });
  }

  /** Orders with one key until a definite answer comes: what a client should do when it cannot know. */
  async orderUntilSure(key: string = randomUUID()): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.order(key).catch(() => undefined);
      if (answer && answer.status < 500 && answer.status !== 409) return answer;
      if (attempt >= 200) throw new Error(`no definite answer after ${attempt} tries: ${answer?.status}`);
      await pause(100);
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Runs `work` for 0 … count-1, `width` at a time. */
export async function inParallel(
  count: number,
  width: number,
  work: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
