import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The environment of each app, by its name. */
export type Environments = Record<string, Record<string, string>>;

const fileIn = (dataDir: string): string => join(dataDir, 'environments.json');

/** Writes the environments of a running system, for the apps' command lines. Readable by its user only. */
export function writeEnvironments(dataDir: string, environments: Environments): void {
  writeFileSync(fileIn(dataDir), JSON.stringify(environments), { mode: 0o600 });
}

/** Removes the environments. Call when the system stops. */
export function clearEnvironments(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

/** undefined when no system runs there; those of a killed one stay until the next start. */
export function readEnvironments(dataDir: string): Environments | undefined {
  try {
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as Environments;
  } catch {
    return undefined;
  }
}
