import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ROOT } from '@orders/dev/stack/paths';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'orders-prune-'));
});

afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, content: unknown = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

function install(path: string, manifest: object = {}): void {
  put(`${path}/package.json`, manifest);
}

function prune(app = 'shop'): void {
  execFileSync(process.execPath, [join(ROOT, 'docker/prune.mjs'), root, app], { stdio: 'pipe' });
}

const there = (path: string): boolean => existsSync(join(root, path));

describe('docker/prune.mjs', () => {
  it('keeps what the app reaches, through libs and required peers, and deletes the rest', () => {
    install('apps/shop', { dependencies: { '@orders/lib': '1', direct: '1' } });
    install('libs/lib', { dependencies: { viaLib: '1' } });
    mkdirSync(join(root, 'node_modules/@orders'), { recursive: true });
    symlinkSync('../../libs/lib', join(root, 'node_modules/@orders/lib'));
    install('node_modules/direct', {
      peerDependencies: { required: '1', typeorm: '1' },
      peerDependenciesMeta: { typeorm: { optional: true } },
      optionalDependencies: { native: '1', elsewhere: '1' },
    });
    for (const name of ['viaLib', 'required', 'native', 'typeorm', '@scope/unused'])
      install(`node_modules/${name}`);
    put('node_modules/.bin/tool');

    prune();

    for (const name of ['@orders/lib', 'direct', 'viaLib', 'required', 'native']) {
      expect([name, there(`node_modules/${name}/package.json`)]).toEqual([name, true]);
    }
    for (const name of ['typeorm', '@scope/unused', '.bin']) {
      expect([name, there(`node_modules/${name}`)]).toEqual([name, false]);
    }
    expect(there('libs/lib/package.json')).toBe(true);
  });

  it('tells two versions of one package apart', () => {
    install('apps/shop', { dependencies: { outer: '1' } });
    install('node_modules/outer', { dependencies: { twice: '2' } });
    install('node_modules/outer/node_modules/twice');
    install('node_modules/twice');
    prune();
    expect(there('node_modules/outer/node_modules/twice')).toBe(true);
    expect(there('node_modules/twice')).toBe(false);
  });

  it('deletes declarations, sources and notes, and leaves code and licences', () => {
    install('apps/shop', { dependencies: { outer: '1' } });
    install('node_modules/outer');
    const gone = ['index.d.ts', 'src/index.ts', 'index.js.map', 'README.md'];
    const kept = ['index.js', 'LICENSE.md', 'data.json'];
    for (const name of [...gone, ...kept]) put(`node_modules/outer/${name}`);
    prune();
    expect(gone.filter((name) => there(`node_modules/outer/${name}`))).toEqual([]);
    expect(kept.filter((name) => there(`node_modules/outer/${name}`))).toEqual(kept);
  });

  it('fails when a dependency is not installed', () => {
    install('apps/shop', { dependencies: { absent: '1' } });
    mkdirSync(join(root, 'node_modules'));
    expect(() => prune()).toThrow(/absent, which .*apps\/shop depends on, is not installed/);
  });
});
