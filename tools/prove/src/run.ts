import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProgress } from '@orders/dev/bootstrap/progress.mjs';
import { killAllChildren } from '@orders/dev/stack/child';
import { folderOfRun } from '@orders/dev/stack/paths';
import { stopOnSignals } from '@orders/dev/stop-signals';
import type { Skipped } from './faults/catalogue.ts';
import { Ledger } from './ledger.ts';
import type { ProveOptions } from './options.ts';
import { describePlan, trialsInWords, type TrialPlan } from './plan.ts';
import { DEFAULT_PLATFORM, type Platform } from './platform.ts';
import { Random } from './random.ts';
import { proveBuild } from './prove-build/prove-build.ts';
import { asMarkdown, asText } from './report-formats.ts';
import { reportOf, type Report } from './report.ts';
import { commit, settingOf } from './setting.ts';
import { removeData, startUnderProof } from './system-under-proof.ts';
import { runTrial, type TrialResult } from './trial.ts';

/** After this many trials, or a failure, data and ledger start empty. Until then they grow, so that leaks are seen. */
const TRIALS_ON_ONE_DATA = 50;

/** The options of a run on one platform. */
export type RunOptions = ProveOptions & { platform: Platform };

/** All trials of a plan, one after the other, and the report on them. */
export class Run {
  readonly #options: RunOptions;
  readonly #plan: readonly TrialPlan[];
  readonly #skipped: readonly Skipped[];
  readonly #folder: string;
  readonly #results: TrialResult[] = [];
  /** The commit of the build; HEAD may move while the trials run. */
  readonly #commit = commit();
  #setting: Report['setting'] = [];
  /** Duplicates in the stream after the last trial. */
  #streamDuplicates = 0;
  readonly #progress = createProgress();
  readonly #stopped = stopOnSignals({ onSecond: killAllChildren });
  readonly #began = performance.now();

  constructor(options: RunOptions, plan: readonly TrialPlan[], skipped: readonly Skipped[]) {
    this.#options = options;
    this.#plan = plan;
    this.#skipped = skipped;
    this.#folder = folderOfRun('prove', `-${options.platform.name}-${options.seed}`);
  }

  /** Resolves with the exit code. */
  async toEnd(): Promise<number> {
    mkdirSync(this.#folder, { recursive: true });
    try {
      const root = await this.#build();
      while (this.#results.length < this.#plan.length) {
        const done = this.#results.length;
        await this.#onFreshData(root, this.#plan.slice(done, done + TRIALS_ON_ONE_DATA));
      }
    } catch (error) {
      if (!this.#stopped.aborted) throw error;
      this.#progress.log('Stopped before every trial had run.');
    } finally {
      this.#progress.close();
    }
    return this.#conclude();
  }

  async #build(): Promise<string> {
    const step = this.#progress.step('building apps with crash points');
    const root = join(this.#folder, 'build');
    await proveBuild(root, { signal: this.#stopped });
    step.done();
    return root;
  }

  async #onFreshData(root: string, plan: readonly TrialPlan[]): Promise<void> {
    const folder = join(this.#folder, `from-${plan[0]?.number}`);
    mkdirSync(folder, { recursive: true });
    const failedBefore = this.#failed;
    const ledger = new Ledger(join(folder, 'ledger.jsonl'));
    const { platform } = this.#options;
    const sut = await startUnderProof({
      folder,
      root,
      platform,
      steps: this.#progress,
      signal: this.#stopped,
    });
    try {
      this.#setting = await settingOf(sut.system);
      this.#streamDuplicates = 0;
      const random = new Random(this.#options.seed);
      for (const trial of plan) {
        await this.#trial(trial, { sut, ledger, random, signal: this.#stopped });
        if (this.#failed > failedBefore) break;
      }
    } finally {
      await sut.stop();
      ledger.close();
    }
    if (this.#failed > failedBefore) return;
    removeData(folder);
  }

  async #trial(plan: TrialPlan, context: Parameters<typeof runTrial>[1]): Promise<void> {
    const step = this.#progress.step(`${plan.number}  ${describePlan(plan)}`);
    try {
      const result = this.#sinceLast(await runTrial(plan, context));
      this.#results.push(result);
      const { figures, healMs, findings, notInjected } = result;
      const summary = `${figures.orders} orders, healed in ${Math.round(healMs ?? NaN)} ms`;
      if (findings.length === 0) step.done(summary);
      else step.fail(summary);
      for (const { fault, why } of notInjected) this.#progress.log(`    not injected: ${fault}: ${why}`);
      for (const finding of findings) this.#progress.log(`    ${finding}`);
    } catch (error) {
      step.fail(this.#stopped.aborted ? 'stopped' : 'ended with an error');
      throw error;
    }
  }

  /** Counts only new duplicates: the stream keeps the old ones, unless it was lost in between. */
  #sinceLast(result: TrialResult): TrialResult {
    const before = this.#streamDuplicates;
    this.#streamDuplicates = result.streamDuplicates;
    return { ...result, streamDuplicates: Math.max(0, result.streamDuplicates - before) };
  }

  get #failed(): number {
    return this.#results.filter(({ findings }) => findings.length > 0).length;
  }

  #conclude(): number {
    const report = this.#report();
    const text = asText(report);
    console.log(`\n${text}`);
    if (this.#options.report) writeFileSync(this.#options.report, asMarkdown(report));
    if (this.#failed > 0 || this.#stopped.aborted) {
      writeFileSync(join(this.#folder, 'report.txt'), `${text}\n`);
      writeFileSync(join(this.#folder, 'trials.json'), JSON.stringify(this.#results, null, 2));
      const what = this.#failed > 0 ? `✗ ${trialsInWords(this.#failed)} failed` : 'Stopped';
      console.log(`\n${what}; logs, data and ledger are kept in ${this.#folder}`);
      return this.#failed > 0 ? 1 : 130;
    }
    rmSync(this.#folder, { recursive: true, force: true });
    console.log('\n✓ nothing lost, nothing done twice, nothing made up');
    return 0;
  }

  #report(): Report {
    return reportOf(this.#results, {
      seed: this.#options.seed,
      commit: this.#commit,
      command: commandOf(this.#options),
      tookMs: performance.now() - this.#began,
      skipped: this.#skipped,
      setting: this.#setting,
    });
  }
}

/** The command that repeats the run. */
function commandOf({ seed, trials, from, only = [], target, platform }: RunOptions): string {
  const extra = [
    ...(platform === DEFAULT_PLATFORM ? [] : [`--on ${platform.name}`]),
    ...(from > 1 ? [`--from ${from}`] : []),
    ...only.map((name) => `--only '${name}'`),
    ...(target === undefined ? [] : [`--target '${target}'`]),
  ];
  return ['npm run prove --', `--seed ${seed}`, `--trials ${trials}`, ...extra].join(' ');
}
