import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { metricsText } from '@orders/instrumentation';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { StopStep } from '../shutdown.js';
import { renewFiles } from './renew-files.js';
import { RenewedFile } from './renewed-file.js';

let folder: string;
let path: string;
let file: RenewedFile<string>;
let reasons: string[];
let stop: StopStep;

function parse(text: string): string {
  if (!text.endsWith('.')) throw new Error('has no end');
  return text.toUpperCase();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'renewed-file-'));
  path = join(folder, 'seed');
  writeFileSync(path, 'first.');
  file = new RenewedFile({ variable: 'SEED_FILE', path, parse });
  reasons = [];
  const write = (line: string) => void reasons.push((JSON.parse(line) as { reason: string }).reason);
  const onStop = (_phase: string, _name: string, step: StopStep) => void (stop = step);
  renewFiles({ port: 3000, none: undefined, held: { file } }, { logger: pino({}, { write }), onStop });
});

afterEach(async () => {
  await stop(AbortSignal.timeout(1_000));
  rmSync(folder, { recursive: true });
});

/** As many readings as it takes to use what is found. */
async function settle(): Promise<void> {
  await file.read();
  await file.read();
}

const metric = async () => /^file_refused\{variable="SEED_FILE"\} (\d)$/m.exec(await metricsText())?.[1];

it('a file that is missing or cannot be used ends the start with path and reason', () => {
  const missing = join(folder, 'missing');
  expect(() => new RenewedFile({ variable: 'SEED_FILE', path: missing, parse })).toThrow(
    `${missing}: does not exist`,
  );
  writeFileSync(path, 'cut');
  expect(() => new RenewedFile({ variable: 'SEED_FILE', path, parse })).toThrow(`${path}: has no end`);
});

describe('the content of a file', () => {
  it('is used from the start on', () => {
    expect(file.current).toBe('FIRST.');
  });

  it('is replaced when it changes in place', async () => {
    writeFileSync(path, 'second.');
    await settle();
    expect({ current: file.current, reasons }).toEqual({ current: 'SECOND.', reasons: [] });
  });

  it('is replaced when a symbolic link is swapped', async () => {
    writeFileSync(join(folder, 'other'), 'second.');
    symlinkSync('other', join(folder, 'link'));
    await rename(join(folder, 'link'), path);
    await settle();
    expect({ current: file.current, reasons }).toEqual({ current: 'SECOND.', reasons: [] });
  });

  it('is waited for while it is being written', async () => {
    const unwatched = new RenewedFile({ variable: 'OTHER_FILE', path, parse });
    writeFileSync(path, 'seco');
    await unwatched.read();
    expect(unwatched.refused).toBe('');
    writeFileSync(path, 'second.');
    await unwatched.read();
    await unwatched.read();
    expect(unwatched.current).toBe('SECOND.');
  });

  it.each([
    ['is bad', () => writeFileSync(path, 'cut'), 'has no end'],
    ['is gone', () => rmSync(path), 'does not exist'],
  ])(
    'that %s leaves the old one in use, with one line and a metric, until it is good',
    async (_, spoil, why) => {
      spoil();
      await settle();
      await settle();
      const reason = `SEED_FILE ${path}: ${why}`;
      expect({ current: file.current, reasons }).toEqual({ current: 'FIRST.', reasons: [reason] });
      expect(await metric()).toBe('1');
      writeFileSync(path, 'second.');
      await settle();
      expect({ current: file.current, reasons }).toEqual({ current: 'SECOND.', reasons: [reason] });
      expect(await metric()).toBe('0');
    },
  );
});
