import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installFromDebian } from '@orders/dev/stack/debian-package';
import { cacheFolder } from '@orders/dev/stack/paths';

const TRIPLETS: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
};

/** A library that moves the clock of the process that it is loaded into. */
const library = (): string => join(cacheFolder(), 'faketime', 'libfaketime.so');

/** Clocks of processes, by Debian's libfaketime. */
export const fakeTime = {
  /** Fetches the library. @returns why this machine cannot have it; undefined when it can */
  async unavailable(): Promise<string | undefined> {
    const triplet = TRIPLETS[process.arch];
    if (process.platform !== 'linux' || triplet === undefined) return 'needs Debian, for libfaketime';
    if (existsSync(library())) return undefined;
    const path = `usr/lib/${triplet}/faketime/libfaketimeMT.so.1`;
    try {
      await installFromDebian({ packages: () => ['libfaketime'], files: () => ({ [path]: library() }) });
      return undefined;
    } catch (error) {
      return `needs libfaketime: ${error instanceof Error ? error.message : String(error)}`;
    }
  },

  /** The environment of a process whose clock is off by this much, `-1h`. Its timers run as usual. */
  environment(offset: string): Record<string, string> {
    const monotonic = { FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' };
    return { LD_PRELOAD: library(), FAKETIME: offset, ...monotonic };
  },
};
