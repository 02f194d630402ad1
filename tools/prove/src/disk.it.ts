import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Disk } from './disk.ts';

const why = await Disk.unavailable();
if (why) console.log(`not tested: disks whose power can be cut: ${why}`);

(why ? describe.skip : describe)('a disk', () => {
  let parent: string;
  let folder: string;
  let disk: Disk;
  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), 'disk-'));
    folder = mkdtempSync(join(parent, 'data-'));
    writeFileSync(join(folder, 'before'), 'moved');
    disk = await Disk.under(folder, join(parent, 'image'));
  });
  afterAll(async () => {
    await disk.unmount();
    rmSync(parent, { recursive: true });
  });

  const write = (name: string, text: string, { synced }: { synced: boolean }): void => {
    const file = openSync(join(folder, name), 'w');
    try {
      writeFileSync(file, text);
      if (synced) fsyncSync(file);
    } finally {
      closeSync(file);
    }
  };

  it('loses in a power cut what was not synced, and nothing else', async () => {
    write('synced', 'kept', { synced: true });
    write('not-synced', 'lost', { synced: false });
    await disk.cutPower(async () => undefined);
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
    expect([read('before'), read('synced')]).toEqual(['moved', 'kept']);
    expect(readdirSync(folder)).not.toContain('not-synced');
  });

  it('refuses writes while it is full, and takes them once there is room, also after a power cut', async () => {
    const two = 'x'.repeat(8_192);
    await disk.fill();
    expect(() => write('more', two, { synced: true })).toThrow('ENOSPC');
    await disk.free();
    await disk.cutPower(async () => undefined);
    write('more', two, { synced: true });
  });
});
