import { Problem, report as reportError } from '@orders/dev/bootstrap/problem.mjs';
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

process.exitCode = await main().catch(reportError);
if (process.connected) process.disconnect();

/** `npm run prove`: faults under load, and after each the places that hold orders must agree. */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE);
    return 0;
  }
  if (options.controls) return alone(() => runControls(options.seed));
  const { seed, mutants, report } = options;
  if (mutants) return alone(() => new Hunt({ seed, mutants, report }).toEnd());
  const { faults, skipped } = faultsOn(await thisMachine());
  const impossible = skipped.find(({ fault }) => options.only?.includes(fault));
  if (impossible) throw new Problem(`--only "${impossible.fault}" is not possible here: ${impossible.why}.`);
  const plan = planOf(options, faults);
  console.log(`seed ${options.seed}, ${plan.length} trials`);
  for (const { fault, why } of skipped) console.log(`not done: ${fault}: ${why}`);
  if (options.planOnly) {
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
