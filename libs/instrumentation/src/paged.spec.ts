import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { paged } from './paged.js';

describe('lines', () => {
  it('are written all, in order, when a page is full, when it is not, and at once when told', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lines-'));
    const file = join(folder, 'out');
    // Stays open: what writes lines does so as long as its process lives.
    const fd = openSync(file, 'a');
    const written = () => readFileSync(file, 'utf8');
    const pages = paged(fd);
    const first = Array.from({ length: 1_000 }, (_, n) => `line ${n} ${'é'.repeat(n % 50)}\n`);
    for (const line of first) pages.write(line);
    while (written() !== first.join('')) await sleep(5);
    pages.write('last\n');
    expect(written()).toBe(first.join(''));
    pages.flushSync();
    expect(written()).toBe(`${first.join('')}last\n`);
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['that ends by itself', ''],
    ['that is ended', 'process.exit(3)'],
  ])('of a process %s are written before it has ended', (_how, end) => {
    const module = JSON.stringify(new URL('./paged.ts', import.meta.url).href);
    const script = `const { paged } = await import(${module});
      const pages = paged();
      for (let n = 0; n < 10; n += 1) pages.write('line ' + n + '\\n');
      ${end}`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(stdout).toBe(Array.from({ length: 10 }, (_, n) => `line ${n}\n`).join(''));
  });
});
