import { Client } from 'pg';
import { pause } from '../client.ts';
import type { WatchedSystem } from './watched-system.ts';

/** Ends a fault. */
export type Heal = () => unknown;

export interface Fault {
  readonly what: string;
  /** Those that fire by it. */
  readonly alerts: readonly string[];
  /** Those that fire once it has ended. */
  readonly late?: readonly string[];
  /** Resolves once the fault is there. */
  readonly cause: (system: WatchedSystem) => Promise<Heal>;
}

/** Runs work again and again. @returns what ends that, and resolves once the last one has ended */
export function repeat(work: () => Promise<unknown>): () => Promise<void> {
  let wanted = true;
  const loop = async () => {
    while (wanted) {
      await work().catch(() => undefined);
      await pause(20);
    }
  };
  const ended = loop();
  return () => {
    wanted = false;
    return ended;
  };
}

/** A session of the superuser. */
export async function superuser(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Runs one statement as superuser. */
export async function execute(url: string, sql: string): Promise<void> {
  const client = await superuser(url);
  await client.query(sql);
  await client.end();
}
