import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createProgress } from '@orders/dev/bootstrap/progress.mjs';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { killAllChildren } from '@orders/dev/stack/child';
import { folderOfRun } from '@orders/dev/stack/paths';
import { removePostgres } from '@orders/dev/stack/postgres';
import type { Step } from '@orders/dev/stack/tasks';
import { stopOnSignals } from '@orders/dev/stop-signals';
import type { BenchOptions } from './options.ts';
import { HAS_PROC } from './processes.ts';
import { SystemUnderLoad, type StartOptions } from './system-under-load.ts';

/** What every scenario uses: the options, the progress display, and systems on fresh data. */
export class Bench {
  readonly options: BenchOptions;
  readonly signal = stopOnSignals({ onSecond: killAllChildren });
  readonly #progress = createProgress();
  readonly #folder = folderOfRun('bench');
  #systems = 0;
  #built = false;

  constructor(options: BenchOptions) {
    this.options = options;
    if (!HAS_PROC)
      this.#progress.log('This machine has no /proc: processor time and memory are not measured.');
  }

  /** Runs a piece of work and shows it as a step of the progress display. */
  readonly step = async <T>(title: string, work: (step: Step) => Promise<T>): Promise<T> => {
    this.signal.throwIfAborted();
    const step = this.#progress.step(title);
    try {
      const result = await work(step);
      step.done();
      return result;
    } catch (error) {
      step.fail(this.signal.aborted ? 'stopped' : '');
      throw error;
    }
  };

  /** Runs the work with a system on fresh data, then stops it and removes the data. A failure keeps data and logs, a stop does not. */
  async withSystem<T>(
    options: Pick<StartOptions, 'tracing' | 'env' | 'root' | 'replicas'> &
      Partial<Pick<StartOptions, 'insecure'>>,
    work: (sut: SystemUnderLoad) => Promise<T>,
  ): Promise<T> {
    this.#systems += 1;
    const folder = join(this.#folder, String(this.#systems));
    mkdirSync(folder, { recursive: true });
    try {
      const sut = await this.#start(folder, options);
      const result = await work(sut).finally(() => sut.stop());
      removeData(folder);
      return result;
    } catch (error) {
      if (this.signal.aborted) removeData(folder);
      else if (!(error instanceof Problem)) this.#progress.log(`Logs and data are kept in ${folder}`);
      throw error;
    }
  }

  async #start(folder: string, options: Partial<StartOptions>): Promise<SystemUnderLoad> {
    const build = options.root === undefined && !this.#built;
    const { insecure } = this.options;
    const common = { folder, build, insecure, steps: this.#progress, signal: this.signal };
    const sut = await SystemUnderLoad.start({ ...common, ...options });
    this.#built ||= build;
    return sut;
  }

  close(): void {
    this.#progress.close();
    if (existsSync(this.#folder) && readdirSync(this.#folder).length === 0) rmdirSync(this.#folder);
  }
}

function removeData(folder: string): void {
  removePostgres(join(folder, 'data/postgres'));
  rmSync(folder, { recursive: true, force: true });
}
