import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { folderOrElse } from './folders.mjs';

describe('a folder that may be unusable', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'folders-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it('is made when it can be', () => {
    const wanted = join(home, '.cache/ours');
    expect(folderOrElse(wanted, '/else')).toBe(wanted);
    expect(existsSync(wanted)).toBe(true);
  });

  it('gives way to the other one below a home that is none', () => {
    writeFileSync(join(home, 'file'), '');
    expect(folderOrElse(join(home, 'file/.cache'), '/else')).toBe('/else');
    expect(folderOrElse('/dev/null/.cache', '/else')).toBe('/else');
  });
});
