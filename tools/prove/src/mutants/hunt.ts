import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProgress } from '@orders/dev/bootstrap/progress.mjs';
import { killAllChildren } from '@orders/dev/stack/child';
import { folderOfRun } from '@orders/dev/stack/paths';
import { stopOnSignals } from '@orders/dev/stop-signals';
import { CONTROL, isAsExpected, whatWasSeen, type Hunted } from './hunted.ts';
import { huntMarkdown, huntReport } from './hunt-report.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';
import { removeData } from '../system-under-proof.ts';
import { trialsOnBuild } from './trials-on-build.ts';

/** A bug that survives this many trials would survive the proof. */
const TRIALS_AT_MOST = 100;
/** The build without a bug runs at least this many trials. */
const CONTROL_TRIALS = 20;

export interface HuntOptions {
  seed: string;
  mutants: readonly Mutant[];
  /** Markdown file to write. */
  report: string | undefined;
}

/**
 * Shows that the proof can fail: plants each bug alone and runs trials until one catches it. Then it runs the build without
 * a bug on the same servers, for as many trials as the longest hunt took: that must stay clean.
 */
export class Hunt {
  readonly #options: HuntOptions;
  readonly #folder: string;
  readonly #progress = createProgress();
  readonly #stopped = stopOnSignals({ onSecond: killAllChildren });
  readonly #hunted: Hunted[] = [];

  constructor(options: HuntOptions) {
    this.#options = options;
    this.#folder = folderOfRun('prove', `-mutants-${options.seed}`);
  }

  /** Resolves with the exit code. */
  async toEnd(): Promise<number> {
    const { mutants } = this.#options;
    try {
      for (const mutant of mutants) this.#hunted.push(await this.#hunt(mutant, TRIALS_AT_MOST));
      for (const [platform, group] of Map.groupBy(this.#hunted, ({ mutant }) => mutant.platform)) {
        const longest = Math.max(...group.map(({ trials }) => trials));
        const control = controlOf(
          group.map(({ mutant }) => mutant),
          platform,
        );
        this.#hunted.push(await this.#hunt(control, Math.max(CONTROL_TRIALS, longest)));
      }
    } catch (error) {
      if (!this.#stopped.aborted) throw error;
      this.#progress.log('Stopped before the end.');
    } finally {
      this.#progress.close();
    }
    return this.#conclude();
  }

  async #hunt(mutant: Mutant, trials: number): Promise<Hunted> {
    const { seed } = this.#options;
    const began = performance.now();
    const step = this.#progress.step(mutant.name);
    const folder = join(this.#folder, `${mutant.name}-${mutant.platform ?? 'default'}`);
    const onProgress = (text: string): void => step.update(text);
    const signal = this.#stopped;
    try {
      const seen = await trialsOnBuild({ ...mutant, seed, trials, folder, signal, onProgress });
      const hunted = { mutant, ...seen, tookMs: performance.now() - began };
      const summary = `trial ${hunted.trials}: ${whatWasSeen(hunted)}`;
      if (isAsExpected(hunted)) {
        step.done(summary);
        removeData(folder);
      } else step.fail(summary);
      return hunted;
    } catch (error) {
      step.fail(this.#stopped.aborted ? 'stopped' : 'ended with an error');
      throw error;
    }
  }

  #conclude(): number {
    const { seed, mutants, report } = this.#options;
    const names = mutants.length === MUTANTS.length ? [] : mutants.map(({ name }) => name);
    const command = ['npm run prove -- --mutants', ...names, `--seed ${seed}`].join(' ');
    console.log(`\n${huntReport(this.#hunted, { seed, command })}`);
    if (report !== undefined) writeFileSync(report, huntMarkdown(this.#hunted, { seed, command }));
    if (this.#stopped.aborted) return 130;
    const wrong = this.#hunted.filter((hunted) => !isAsExpected(hunted));
    if (wrong.length === 0) {
      console.log(
        `\n✓ the proof catches all ${mutants.length} mutants, and finds nothing in the build without one`,
      );
      return 0;
    }
    console.log(
      `\n✗ ${wrong.map(({ mutant }) => mutant.name).join(', ')}; logs and data are kept in ${this.#folder}`,
    );
    return 1;
  }
}

/** No bug, with the faults and targets that expose all of them. */
function controlOf(mutants: readonly Mutant[], platform: string | undefined): Mutant {
  const exposed = mutants.map(({ exposedBy }) => exposedBy);
  return {
    name: CONTROL,
    ...(platform !== undefined && { platform }),
    breaks: '',
    patches: [],
    exposedBy: {
      faults: [...new Set(exposed.flatMap(({ faults }) => faults))],
      targets: [...new Set(exposed.flatMap(({ targets }) => targets))],
    },
    seenAs: [],
  };
}
