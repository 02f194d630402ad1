import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '@orders/dev/stack/app';
import { APPS } from '@orders/dev/stack/declarations';
import type { System } from '@orders/dev/stack/system';
import { of } from '@orders/dev/stack/wiring';
import { queries } from './census.ts';

/** For each replica: the pool (10), that of the relay (4), and connections beside them, such as the relay's listener. */
const CONNECTIONS_AT_MOST = 16;

const FILES_AT_MOST = 200;
const MIB_AT_MOST = 400;

const SESSIONS = `
  SELECT count(*)::int AS open,
         count(*) FILTER (WHERE state LIKE 'idle in transaction%' AND now() - state_change > interval '1 s')::int AS idle
  FROM pg_stat_activity
  WHERE datname = current_database() AND application_name <> 'prove' AND backend_type = 'client backend'`;

/** The server closes the connection of a vanished client when its keepalives fail. */
const SETTLED_WITHIN_MS = 30_000;

/** Connections, transactions, files and memory that are still held after the work (I9). */
export async function leaks(system: System): Promise<string[]> {
  const began = performance.now();
  for (;;) {
    const findings = await openNow(system);
    if (findings.length === 0 || performance.now() - began > SETTLED_WITHIN_MS) return findings;
    await delay(500);
  }
}

async function openNow({ postgres, replicas }: System): Promise<string[]> {
  const findings: string[] = [];
  for (const { name, database } of APPS) {
    if (!database) continue;
    const [[sessions]] = await queries<[{ open: number; idle: number }]>(postgres.url(name), [SESSIONS]);
    const { open, idle } = sessions!;
    const most = CONNECTIONS_AT_MOST * of(replicas, name).length;
    if (open > most) findings.push(`I9 ${name} holds ${open} connections to Postgres`);
    if (idle > 0) findings.push(`I9 ${name} has ${idle} transactions open and idle`);
  }
  return [...findings, ...Object.values(replicas).flat().flatMap(heldBy)];
}

/** On Linux, a finding when a process holds far more than any of ours needs. */
function heldBy({ name, pid }: App): string[] {
  if (pid === undefined || !existsSync(`/proc/${pid}/fd`)) return [];
  const files = readdirSync(`/proc/${pid}/fd`).length;
  const [, kib = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  const mib = Math.round(Number(kib) / 1_024);
  return [
    ...(files > FILES_AT_MOST ? [`I9 ${name} has ${files} files open`] : []),
    ...(mib > MIB_AT_MOST ? [`I9 ${name} takes ${mib} MiB`] : []),
  ];
}
