import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { onPath } from './binaries.ts';
import { unpackFromDebian } from './debian-package.ts';
import { cacheFolder } from './paths.ts';

const SHELL = 'chromium-headless-shell';

export interface Chromium {
  path: string;
  /** What its process needs beside our own environment. */
  env: Record<string, string>;
}

/**
 * The Chromium on the PATH, or that of Debian, kept in the cache with the libraries that this machine lacks.
 *
 * @throws Problem with the reason, and what to do
 */
export async function resolveChromium(signal?: AbortSignal): Promise<Chromium> {
  for (const name of [SHELL, 'chromium', 'google-chrome']) {
    const found = await onPath(name, process.env.PATH);
    if (found !== undefined) return { path: found, env: {} };
  }
  const folder = join(cacheFolder(), SHELL);
  try {
    if (!existsSync(folder))
      await unpackFromDebian({ packages: () => [SHELL], target: folder, missing: true }, signal);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Problem(`No ${SHELL} (${why}). Put one on the PATH.`, { cause });
  }
  const libraries = join(folder, `usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`);
  return {
    path: join(folder, 'usr/lib/chromium', SHELL),
    // That of sound has a folder of its own.
    env: { LD_LIBRARY_PATH: `${libraries}:${libraries}/pulseaudio` },
  };
}
