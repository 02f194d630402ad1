import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearEnvironments, type Environments, readEnvironments, writeEnvironments } from './environments.ts';

describe('the environments of a running system', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'environments-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are kept for its user alone until it stops', () => {
    const environments = { orders: { DATABASE_URL: 'postgres://x' } } as unknown as Environments;
    expect(readEnvironments(folder)).toBeUndefined();
    writeEnvironments(folder, environments);
    expect(readEnvironments(folder)).toEqual(environments);
    expect(statSync(join(folder, 'environments.json')).mode & 0o077).toBe(0);
    clearEnvironments(folder);
    expect(readEnvironments(folder)).toBeUndefined();
  });
});
