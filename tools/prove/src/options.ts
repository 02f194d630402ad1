import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '@orders/dev/bootstrap/problem.mjs';
import { countOf, parseArguments } from '@orders/dev/command-line';
import { FAULTS } from './faults/catalogue.ts';
import type { Mutant } from './mutants/mutant.ts';
import { mutantNamed, MUTANTS } from './mutants/mutants.ts';
import { DEFAULT_PLATFORM, type Platform, platformNamed, PLATFORMS_IN_WORDS } from './platform.ts';

export interface ProveOptions {
  trials: number;
  seed: string;
  /** Only these kinds of fault. */
  only: string[] | undefined;
  /** Only faults of this target. */
  target: string | undefined;
  /** The trial to begin with; the ones before it are skipped. */
  from: number;
  /** Print the plan and do nothing. */
  planOnly: boolean;
  /** Instead of a run: show that the power cut finds lost orders. */
  controls: boolean;
  /** Plant these bugs, one after the other, and see that each is caught; undefined = an ordinary run. */
  mutants: readonly Mutant[] | undefined;
  /** The servers that the system runs on; with several, the trials run on one after the other. */
  platforms: readonly Platform[];
  /** Where to write the result as Markdown. */
  report: string | undefined;
}

export const USAGE = `npm run prove -- [options]: injects faults under load; after each trial all places that hold orders must agree
  --trials N     how many trials (default 100)
  --quick        30 trials, about three minutes
  --seed S       repeat the plan of that seed (default: a new one); the plan is the same only on the same commit and
                 where the same faults are possible (disk faults need root)
  --on PLATFORM  on these servers; may be repeated:
${PLATFORMS_IN_WORDS.map((line) => `                   ${line}`).join('\n')}
  --only FAULT   only this kind of fault; may be repeated
  --target T     only faults of target T, e.g. orders, orders-nats or orders.outbox
  --from N       start with trial N of the plan; --trials counts from there
  --report FILE  write the result as Markdown too
  --controls     show that the power cut finds the orders that an unsafe Postgres loses
  --mutants [NAME …]  plant bugs, one after the other; fails unless each is caught within 100 trials
  --plan         print the plan and exit
One run at a time for each user.`;

const QUICK = 30;
const DEFAULT = 100;

/** @throws UsageError naming the option that is wrong */
export function parseOptions(argv: readonly string[]): ProveOptions {
  const { values, positionals } = parse(argv);
  assertKnown(values);
  const [stray] = positionals;
  if (stray !== undefined && !values.mutants) throw new UsageError(`"${stray}" is no option`);
  if (values.on !== undefined && (values.mutants || values.controls))
    throw new UsageError('--on is for an ordinary run: bugs are planted into the default servers');
  if (values.report !== undefined && (values.on?.length ?? 0) > 1)
    throw new UsageError('--report takes one --on: each run writes the file anew');
  return {
    trials: count('trials', values.trials) ?? (values.quick ? QUICK : DEFAULT),
    seed: values.seed ?? randomBytes(4).toString('hex'),
    only: values.only,
    target: values.target,
    from: count('from', values.from) ?? 1,
    planOnly: values.plan ?? false,
    controls: values.controls ?? false,
    mutants: values.mutants ? chosenMutants(positionals) : undefined,
    platforms: (values.on ?? [DEFAULT_PLATFORM.name]).map(platformNamed),
    report: reportFile(values.report),
  };
}

function parse(argv: readonly string[]) {
  return parseArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      trials: { type: 'string' },
      quick: { type: 'boolean' },
      seed: { type: 'string' },
      only: { type: 'string', multiple: true },
      target: { type: 'string' },
      from: { type: 'string' },
      plan: { type: 'boolean' },
      controls: { type: 'boolean' },
      mutants: { type: 'boolean' },
      on: { type: 'string', multiple: true },
      report: { type: 'string' },
    },
  });
}

function chosenMutants(names: readonly string[]): readonly Mutant[] {
  return names.length === 0 ? MUTANTS : names.map(mutantNamed);
}

/** Checked at the start: a run is long, and its report is written at its end. */
function reportFile(path: string | undefined): string | undefined {
  if (path !== undefined && !existsSync(dirname(path)))
    throw new UsageError(`--report ${path}: there is no folder ${dirname(path)}`);
  return path;
}

function count(option: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : countOf(option, text);
}

function assertKnown({
  only = [],
  target,
}: {
  only?: string[] | undefined;
  target?: string | undefined;
}): void {
  const names = FAULTS.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`--only "${unknown}" is none of: ${names.join(', ')}`);
  const kinds = FAULTS.filter(({ name }) => only.length === 0 || only.includes(name));
  const targets = [...new Set(kinds.flatMap((kind) => kind.targets))];
  if (target !== undefined && !targets.includes(target))
    throw new UsageError(`--target "${target}" is none of: ${targets.join(', ')}`);
}
