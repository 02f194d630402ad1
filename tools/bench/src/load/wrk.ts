import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { executable, type Finder, onPath } from '@orders/dev/stack/binaries';
import { installFromDebian } from '@orders/dev/stack/debian-package';
import { cacheFolder } from '@orders/dev/stack/paths';
import { run } from '@orders/dev/stack/run';
import type { Generator, Load, LoadResult } from './generator.ts';
import { type Caller, callerHeaderLines, PATHS, WRITE_HEAD, WRITE_LINE, WRITE_TAIL } from './requests.ts';

const SCRIPT = join(import.meta.dirname, 'wrk.lua');
const MACHINE = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

/** Every way to find wrk, in order of preference. */
export function wrkFinders(env: NodeJS.ProcessEnv): Finder[] {
  const cached = join(cacheFolder(env), 'wrk', 'wrk');
  return [
    { where: 'PATH', find: () => onPath('wrk', env.PATH) },
    { where: 'cache', find: () => executable(cached) },
    {
      where: 'Debian package',
      find: async (signal) => {
        const library = 'libluajit-5.1.so.2';
        const files = () => ({
          [`usr/lib/${MACHINE}/${library}`]: join(dirname(cached), library),
          'usr/bin/wrk': cached,
        });
        await installFromDebian({ packages: () => ['wrk', 'libluajit-5.1-2'], files }, signal);
        return cached;
      },
    },
  ];
}

/** @throws when this binary does not run here */
export async function wrkVersion(binary: string): Promise<string> {
  // It prints its usage and exits with 1: that shows that the binary can be loaded.
  const printed = await run('sh', ['-c', '"$0" --version || true', binary], { env: environment(binary) });
  const version = /^wrk \S+/m.exec(printed)?.[0];
  if (version === undefined) throw new Error(printed.trim());
  return version;
}

export async function wrkGenerator(binary: string): Promise<Generator> {
  return { name: await wrkVersion(binary), run: (load, signal) => runWrk(binary, load, signal) };
}

async function runWrk(binary: string, load: Load, signal: AbortSignal): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'wrk-'));
  try {
    const parts = join(folder, 'parts.lua');
    await writeFile(parts, luaParts(load), { mode: 0o600 });
    const { connections, seconds, api } = load;
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', SCRIPT, api, '--', parts];
    const printed = await run(binary, args, { env: environment(binary), signal });
    return JSON.parse(/^\{.*\}$/m.exec(printed)?.[0] ?? '') as LoadResult;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function luaParts(load: Load): string {
  const { cycle, callers } = load;
  const write = { line: WRITE_LINE, head: WRITE_HEAD, tail: WRITE_TAIL };
  const parts = { cycle, callers: callers.map((caller) => luaCaller(load, caller)), write };
  return `return ${luaValue(parts)}\n`;
}

function luaCaller(load: Load, caller: Caller) {
  const linesOf = (kind: keyof typeof PATHS) => PATHS[kind](caller).map((path) => `GET ${path} HTTP/1.1\r\n`);
  return { headers: callerHeaderLines(load, caller.token), read: linesOf('read'), page: linesOf('page') };
}

/** A JSON string that is all ASCII is also a Lua string. */
function luaValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `{ ${value.map(luaValue).join(', ')} }`;
  const fields = Object.entries(value).map(([name, field]) => `${name} = ${luaValue(field)}`);
  return `{ ${fields.join(', ')} }`;
}

/** Lets the binary find the library that was unpacked beside it. */
function environment(binary: string): NodeJS.ProcessEnv {
  return { ...process.env, LD_LIBRARY_PATH: dirname(binary) };
}
