import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProgress } from '@orders/dev/bootstrap/progress.mjs';
import { killAllChildren } from '@orders/dev/stack/child';
import { folderOfRun } from '@orders/dev/stack/paths';
import { removePostgres } from '@orders/dev/stack/postgres';
import { stopOnSignals } from '@orders/dev/stop-signals';
import { keptMemory, memoryOf } from './memory.ts';
import { Neighbour } from './neighbour.ts';
import type { FuzzOptions } from './options.ts';
import { asMarkdown, asText, type Report, type SurfaceResult } from './report.ts';
import type { Surface } from './surface.ts';
import { GOOD_ORDERS } from './surfaces/good-orders.ts';
import { SURFACES } from './surfaces/surfaces.ts';
import { SystemUnderFuzz } from './system-under-fuzz.ts';

/** Cases under way at a time. */
const LANES = 8;

/** Good orders before the first case: what memory and the neighbour are compared with. */
const WARM_UP = 2_000;

/** Fewer cases than these are over too soon for a 99th percentile. */
const CASES_FOR_P99 = 200_000;
const P99_AT_MOST = 2;

/** Runs all cases on a fresh system and prints the report. Resolves with the exit code. */
export async function runFuzz(options: FuzzOptions): Promise<number> {
  const folder = folderOfRun('fuzz', `-${options.seed}`);
  mkdirSync(folder, { recursive: true });
  const progress = createProgress();
  const signal = stopOnSignals({ onSecond: killAllChildren });
  const began = performance.now();
  const sut = await SystemUnderFuzz.start({ dataDir: folder, steps: progress, signal });
  try {
    const report = await new Run(options, sut, { progress, signal }).toEnd();
    const whole = { ...report, tookS: Math.round((performance.now() - began) / 1_000) };
    progress.close();
    console.log(`\n${asText(whole)}`);
    if (options.report) writeFileSync(options.report, asMarkdown(whole));
    return whole.findings.length > 0 ? 1 : 0;
  } finally {
    progress.close();
    await sut.stop();
    removePostgres(join(folder, 'postgres'));
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Setting {
  progress: ReturnType<typeof createProgress>;
  signal: AbortSignal;
}

class Run {
  readonly #options: FuzzOptions;
  readonly #sut: SystemUnderFuzz;
  readonly #setting: Setting;
  readonly #results: SurfaceResult[] = [];
  readonly #findings: string[] = [];

  constructor(options: FuzzOptions, sut: SystemUnderFuzz, setting: Setting) {
    this.#options = options;
    this.#sut = sut;
    this.#setting = setting;
  }

  async toEnd(): Promise<Omit<Report, 'tookS'>> {
    const { only, cases, seed } = this.#options;
    const surfaces = SURFACES.filter(({ name }) => only.length === 0 || only.includes(name));
    const neighbour = await Neighbour.beside(this.#sut);
    await this.#lanes(GOOD_ORDERS, Math.min(WARM_UP, cases));
    const base = { p99Ms: neighbour.p99(), memory: memoryOf(this.#sut.system) };
    const whole = surfaces.reduce((sum, { share }) => sum + share, 0);
    for (const surface of surfaces) await this.#surface(surface, Math.ceil((cases * surface.share) / whole));
    const p99Ms = neighbour.p99();
    await neighbour.stop();
    const memory = memoryOf(this.#sut.system);
    this.#findings.push(...neighbour.findings.slice(0, 10), ...keptMemory(base.memory, memory));
    if (cases >= CASES_FOR_P99 && p99Ms > P99_AT_MOST * base.p99Ms)
      this.#findings.push(`the p99 of a good order rose from ${base.p99Ms} to ${p99Ms} ms`);
    this.#findings.push(...(await this.#sut.ledger.differences(this.#sut.system.postgres.url('orders'))));
    return {
      seed,
      asked: cases,
      results: this.#results,
      findings: this.#findings,
      orders: this.#sut.ledger.size,
      busy: this.#sut.busy,
      base,
      after: { p99Ms, memory },
    };
  }

  async #surface(surface: Surface, cases: number): Promise<void> {
    const step = this.#setting.progress.step(surface.name);
    step.update(`${cases} cases`);
    const before = this.#findings.length;
    const done = await this.#lanes(surface, cases);
    this.#results.push({ name: surface.name, what: surface.what, cases: done });
    const found = this.#findings.slice(before);
    if (found.length === 0) step.done(`${done} cases`);
    else step.fail(found[0]);
  }

  /** Resolves with how many cases were run. */
  async #lanes(surface: Surface, cases: number): Promise<number> {
    const open = await surface.open(this.#sut);
    const numRuns = Math.ceil(cases / LANES);
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      open.check({ seed: this.#seedOf(`${surface.name}/${lane}`), numRuns }),
    );
    const checked = await Promise.all(lanes);
    this.#setting.signal.throwIfAborted();
    const found = checked.flatMap(({ finding }) => finding ?? []);
    const all = [...found.slice(0, 3), ...((await open.conclude?.()) ?? []), ...this.#sut.alarms.splice(0)];
    this.#findings.push(...all.map((finding) => `${surface.name}: ${finding}`));
    return checked.reduce((sum, { cases: run }) => sum + run, 0);
  }

  /** Each lane of each surface has cases of its own. */
  #seedOf(name: string): number {
    return createHash('sha256').update(`${this.#options.seed}/${name}`).digest().readInt32LE();
  }
}
