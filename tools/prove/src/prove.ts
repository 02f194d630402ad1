import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { runTool } from '@orders/dev/command-line';
import { runControls } from './controls.ts';
import { faultsOn } from './faults/catalogue.ts';
import type { Fault } from './faults/fault.ts';
import { thisMachine } from './machine.ts';
import { Hunt } from './mutants/hunt.ts';
import { parseOptions, USAGE, type ProveOptions } from './options.ts';
import { describePlan, planTrials, trialsInWords, type TrialPlan } from './plan.ts';
import type { Platform } from './platform.ts';
import { alone } from './prove-lock.ts';
import { Random } from './random.ts';
import { Run } from './run.ts';

await runTool({ usage: USAGE, parse: parseOptions }, main);
// A client of a node that was killed may try again for ever: with the exit code that was set.
process.exit();

/** `npm run prove`: injects faults under load; after each trial all places that hold orders must agree. */
async function main(options: ProveOptions): Promise<number> {
  if (options.controls) return alone(() => runControls(options.seed));
  const { seed, mutants, report } = options;
  if (mutants) return alone(() => new Hunt({ seed, mutants, report }).toEnd());
  const planned = await Promise.all(options.platforms.map((platform) => planFor(options, platform)));
  if (options.planOnly) {
    for (const { platform, plan, skipped } of planned) {
      announce(seed, platform, plan);
      for (const { fault, why } of skipped) console.log(`not done: ${fault}: ${why}`);
      for (const trial of plan) console.log(`${String(trial.number).padStart(4)}  ${describePlan(trial)}`);
    }
    return 0;
  }
  return alone(async () => {
    for (const { platform, plan, skipped } of planned) {
      announce(seed, platform, plan);
      const exitCode = await new Run({ ...options, platform }, plan, skipped).toEnd();
      if (exitCode !== 0) return exitCode;
    }
    return 0;
  });
}

/** @throws Problem when a fault that was asked for is not possible on these servers */
async function planFor(options: ProveOptions, platform: Platform) {
  const { faults, skipped, elsewhere } = faultsOn(await thisMachine(), platform);
  const impossible = [...skipped, ...elsewhere].find(({ fault }) => options.only?.includes(fault));
  if (impossible) throw new Problem(`--only "${impossible.fault}" is not possible here: ${impossible.why}.`);
  return { platform, plan: planOf(options, faults), skipped };
}

function announce(seed: string, { what }: Platform, plan: readonly TrialPlan[]): void {
  const numbers = [...new Set([plan[0]?.number, plan.at(-1)?.number])].join(' to ');
  console.log(`seed ${seed}: ${trialsInWords(plan.length)}, number ${numbers}, on ${what}`);
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
