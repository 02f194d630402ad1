import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@orders/dev/stack/paths';
import type { ApiDocument } from './api-changes.ts';
import type { Breakage } from './breakage.ts';
import { documentChanges, type Documents, type EventSchema } from './document-changes.ts';
import { protoChanges } from './proto-changes.ts';

/** Where each kind of contract is, and where its released state is kept. */
export interface ContractFiles {
  /** Folder with buf.yaml and the .proto files. */
  readonly rpc: string;
  /** Folder with a JSON Schema for each version of an event. */
  readonly events: string;
  /** The OpenAPI document of the public API. */
  readonly api: string;
}

export const CURRENT: ContractFiles = {
  rpc: join(ROOT, 'libs/contracts/rpc'),
  events: join(ROOT, 'libs/contracts/events/schemas'),
  api: join(ROOT, 'apps/gateway/openapi.json'),
};

const RELEASED_FOLDER = join(ROOT, 'tools/contract-gates/released');

export const RELEASED: ContractFiles = {
  rpc: join(RELEASED_FOLDER, 'rpc'),
  events: join(RELEASED_FOLDER, 'events'),
  api: join(RELEASED_FOLDER, 'openapi.json'),
};

/** Everything in the current contracts that breaks users of the released ones. */
export async function breakages(current = CURRENT, released = RELEASED): Promise<Breakage[]> {
  const [proto, documents] = await Promise.all([
    protoChanges(current.rpc, released.rpc),
    documentChanges(documentsOf(current), documentsOf(released)),
  ]);
  return [...proto, ...documents];
}

function documentsOf({ api, events }: ContractFiles): Documents {
  const schemas = readdirSync(events).map((name) => readJson(join(events, name)) as EventSchema);
  return { api: readJson(api) as ApiDocument, events: schemas };
}

/** Makes the current contracts the released ones. */
export function release(current = CURRENT, released = RELEASED): void {
  const copies = [
    [join(current.rpc, 'buf.yaml'), join(released.rpc, 'buf.yaml')],
    [join(current.rpc, 'proto'), join(released.rpc, 'proto')],
    [current.events, released.events],
    [current.api, released.api],
  ] as const;
  for (const [from, to] of copies) {
    if (existsSync(to)) rmSync(to, { recursive: true });
    cpSync(from, to, { recursive: true });
  }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
