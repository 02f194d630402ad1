import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NoBinary } from '@orders/dev/stack/binaries';
import { resolveGitleaks, secretsIn } from './secrets.ts';

/** Made up here, so that no file of the repository has one. */
const KEY = [
  '-----BEGIN RSA PRIVATE',
  `KEY-----\n${'QUJD'.repeat(40)}\n-----END RSA PRIVATE`,
  'KEY-----\n',
].join(' ');

const gitleaks = await resolveGitleaks().catch((error: unknown) => {
  if (!(error instanceof NoBinary)) throw error;
  process.stderr.write(`Secrets are not searched: ${error.message}.\n`);
  return undefined;
});

let folder: string;
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder });
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orders-secrets-it-'));
  git('init', '--quiet');
  writeFileSync(join(folder, 'readme.txt'), 'nothing to see\n');
  git('add', '.');
  git('commit', '--quiet', '-m', 'nothing');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

(gitleaks === undefined ? it.skip : it)(
  'a key in a file is found, also once it is removed again from the next commit',
  async () => {
    expect(await secretsIn(folder, gitleaks!)).toEqual([]);
    writeFileSync(join(folder, 'server.pem'), KEY);
    expect(await secretsIn(folder, gitleaks!)).toEqual([
      expect.stringMatching(/^server\.pem:\d+ private-key$/),
    ]);
    git('add', '.');
    git('commit', '--quiet', '-m', 'a key');
    git('rm', '--quiet', 'server.pem');
    git('commit', '--quiet', '-m', 'no key');
    expect(await secretsIn(folder, gitleaks!)).toEqual([
      expect.stringMatching(/^server\.pem:\d+ private-key$/),
    ]);
  },
);
