import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { helmBinary } from './helm.ts';

async function problem(env: NodeJS.ProcessEnv): Promise<unknown> {
  return helmBinary(env).then(
    (path) => `found ${path}`,
    (error: unknown) => error,
  );
}

describe('helmBinary', () => {
  it('tries nothing else when HELM_BIN is no helm', async () => {
    const error = await problem({ ...process.env, HELM_BIN: process.execPath });
    expect(error).toBeInstanceOf(Problem);
    expect(String(error)).toContain('HELM_BIN');
  });

  it('says in one line what to do when helm cannot be had', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'orders-no-helm-'));
    const error = await problem({ PATH: empty, XDG_CACHE_HOME: empty });
    expect(error).toBeInstanceOf(Problem);
    expect(String(error)).toMatch(/^[^\n]*No helm here[^\n]*install helm 4, or set HELM_BIN to it\.$/);
    rmSync(empty, { recursive: true });
  });
});
