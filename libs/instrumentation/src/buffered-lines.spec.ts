import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { bufferedLines } from './buffered-lines.js';

describe('buffered lines', () => {
  it('are all written in order: when the buffer is full, after a while, and at once by flushSync', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lines-'));
    const file = join(folder, 'out');
    // Is never closed: the stream may write as long as its process lives.
    const fd = openSync(file, 'a');
    const written = () => readFileSync(file, 'utf8');
    const lines = bufferedLines(fd);
    const first = Array.from({ length: 1_000 }, (_, n) => `line ${n} ${'é'.repeat(n % 50)}\n`);
    for (const line of first) lines.write(line);
    while (written() !== first.join('')) await sleep(5);
    lines.write('last\n');
    expect(written()).toBe(first.join(''));
    lines.flushSync();
    expect(written()).toBe(`${first.join('')}last\n`);
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['that runs to its end', ''],
    ['that calls process.exit', 'process.exit(3)'],
  ])('of a process %s are written before it ends', (_how, end) => {
    const module = JSON.stringify(new URL('./buffered-lines.ts', import.meta.url).href);
    const script = `const { bufferedLines } = await import(${module});
      const lines = bufferedLines();
      for (let n = 0; n < 10; n += 1) lines.write('line ' + n + '\\n');
      ${end}`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(stdout).toBe(Array.from({ length: 10 }, (_, n) => `line ${n}\n`).join(''));
  });
});
