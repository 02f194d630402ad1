import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What each app is told, by its name. */
export type Environments = Record<string, Record<string, string>>;

const fileIn = (dataDir: string): string => join(dataDir, 'environments.json');

/** Keeps what the apps of a running system are told, for their command lines. Readable by its user only. */
export function writeEnvironments(dataDir: string, environments: Environments): void {
  writeFileSync(fileIn(dataDir), JSON.stringify(environments), { mode: 0o600 });
}

/** Call when the system stops. */
export function clearEnvironments(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

/** undefined when no system runs there; that of a killed one stays until the next start. */
export function readEnvironments(dataDir: string): Environments | undefined {
  try {
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as Environments;
  } catch {
    return undefined;
  }
}
