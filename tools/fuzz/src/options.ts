import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '@orders/dev/bootstrap/problem.mjs';
import { countOf, parseArguments } from '@orders/dev/command-line';
import { SURFACES } from './surfaces/surfaces.ts';

export interface FuzzOptions {
  cases: number;
  /** Of all that is generated. */
  seed: number;
  /** Only these surfaces. Default: all. */
  only: readonly string[];
  /** Where to write the result as Markdown. */
  report: string | undefined;
}

const DEFAULT_CASES = '20000';
const HIGHEST_SEED = 2 ** 31 - 1;

export const USAGE = `npm run fuzz -- [options]: hostile input for the running system; each case has the answer that it must get
  --cases N      how many cases (default FUZZ_CASES, else ${DEFAULT_CASES})
  --seed N       repeats the cases of that run (default FUZZ_SEED, else a new one); give the same --cases too
  --only SURFACE only these; may be repeated:
${SURFACES.map(({ name, what }) => `                   ${name.padEnd(10)} ${what}`).join('\n')}
  --report FILE  write the result as Markdown too`;

/** @throws UsageError naming the option that is wrong */
export function parseOptions(args: string[], env: NodeJS.ProcessEnv = process.env): FuzzOptions {
  const { values } = parseArguments({
    args,
    options: {
      cases: { type: 'string', default: env['FUZZ_CASES'] || DEFAULT_CASES },
      seed: { type: 'string', default: env['FUZZ_SEED'] || String(randomInt(1, HIGHEST_SEED)) },
      only: { type: 'string', multiple: true, default: [] },
      report: { type: 'string' },
    },
  });
  const { cases, seed, only, report } = values;
  return {
    cases: countOf('cases', cases),
    seed: seedOf(seed),
    only: only.map(known),
    report: written(report),
  };
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (/^\d{1,10}$/.test(text) && seed >= 1 && seed <= HIGHEST_SEED) return seed;
  throw new UsageError(`--seed must be a number from 1 to ${HIGHEST_SEED}, not "${text}"`);
}

function known(name: string): string {
  const names = SURFACES.map((surface) => surface.name);
  if (names.includes(name)) return name;
  throw new UsageError(`--only "${name}" is none of: ${names.join(', ')}`);
}

/** Checked at the start: a run may be long, and its report is written at its end. */
function written(path: string | undefined): string | undefined {
  if (path !== undefined && !existsSync(dirname(path)))
    throw new UsageError(`--report ${path}: there is no folder ${dirname(path)}`);
  return path;
}
