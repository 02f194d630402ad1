import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { runTool } from '@orders/dev/command-line';
import { runControls } from './controls.ts';
import { faultsOn } from './faults/catalogue.ts';
import type { Fault } from './faults/fault.ts';
import { thisMachine } from './machine.ts';
import { Hunt } from './mutants/hunt.ts';
import { parseOptions, USAGE, type ProveOptions } from './options.ts';
import { describePlan, planTrials, type TrialPlan } from './plan.ts';
import { alone } from './prove-lock.ts';
import { Random } from './random.ts';
import { Run } from './run.ts';

await runTool({ usage: USAGE, parse: parseOptions }, main);

/** `npm run prove`: faults under load, and after each the places that hold orders must agree. */
async function main(options: ProveOptions): Promise<number> {
  if (options.controls) return alone(() => runControls(options.seed));
  const { seed, mutants, report } = options;
  if (mutants) return alone(() => new Hunt({ seed, mutants, report }).toEnd());
  const { faults, skipped } = faultsOn(await thisMachine());
  const impossible = skipped.find(({ fault }) => options.only?.includes(fault));
  if (impossible) throw new Problem(`--only "${impossible.fault}" is not possible here: ${impossible.why}.`);
  const plan = planOf(options, faults);
  console.log(`seed ${seed}: ${plan.length} trials, number ${plan[0]?.number} to ${plan.at(-1)?.number}`);
  if (options.planOnly) {
    for (const { fault, why } of skipped) console.log(`not done: ${fault}: ${why}`);
    for (const trial of plan) console.log(`${String(trial.number).padStart(4)}  ${describePlan(trial)}`);
    return 0;
  }
  return alone(() => new Run(options, plan, skipped).toEnd());
}

function planOf({ seed, only, target, from, trials }: ProveOptions, among: readonly Fault[]): TrialPlan[] {
  const plan: TrialPlan[] = [];
  const targets = target === undefined ? undefined : [target];
  for (const trial of planTrials(new Random(seed), { among, only, targets })) {
    if (trial.number >= from) plan.push(trial);
    if (plan.length === trials) break;
  }
  return plan;
}
