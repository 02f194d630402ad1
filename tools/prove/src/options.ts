import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { FAULTS } from './faults/catalogue.ts';

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
  /** Instead of a run: show that the power cut sees a loss. */
  controls: boolean;
  /** Where to write the result as Markdown. */
  report: string | undefined;
}

export const USAGE = `npm run prove -- [options]
  --trials N     how many trials (default 100)
  --quick        30 trials, about three minutes
  --seed S       repeat the plan of that seed (default: a new one)
  --only FAULT   only this kind of fault; may be given again
  --target T     only faults that meet T, e.g. orders or orders-nats
  --from N       begin with trial N of the plan
  --report FILE  write the result as Markdown too
  --controls     show that the power cut sees what an unsafe Postgres loses
  --plan         print the plan and end`;

const QUICK = 30;
const DEFAULT = 100;

/** @throws Problem naming the option that is wrong */
export function parseOptions(argv: readonly string[]): ProveOptions | 'help' {
  const { values } = parse(argv);
  if (values.help) return 'help';
  assertKnown(values);
  return {
    trials: count('trials', values.trials) ?? (values.quick ? QUICK : DEFAULT),
    seed: values.seed ?? randomBytes(4).toString('hex'),
    only: values.only,
    target: values.target,
    from: count('from', values.from) ?? 1,
    planOnly: values.plan ?? false,
    controls: values.controls ?? false,
    report: values.report,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        trials: { type: 'string' },
        quick: { type: 'boolean' },
        seed: { type: 'string' },
        only: { type: 'string', multiple: true },
        target: { type: 'string' },
        from: { type: 'string' },
        plan: { type: 'boolean' },
        controls: { type: 'boolean' },
        report: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new Problem(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, {
      cause: error,
    });
  }
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new Problem(`--${name} must be a number from 1, not "${text}".`);
  return Number(text);
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
  if (unknown !== undefined) throw new Problem(`--only "${unknown}" is none of: ${names.join(', ')}.`);
  const kinds = FAULTS.filter(({ name }) => only.length === 0 || only.includes(name));
  const targets = [...new Set(kinds.flatMap((kind) => kind.targets))];
  if (target !== undefined && !targets.includes(target))
    throw new Problem(`--target "${target}" is none of: ${targets.join(', ')}.`);
}
