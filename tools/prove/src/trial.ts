import { setTimeout as delay } from 'node:timers/promises';
import { Load, type Figures } from './customers.ts';
import { drain } from './drain.ts';
import { faultNamed } from './faults/catalogue.ts';
import { NotInjected } from './faults/fault.ts';
import { noticed } from './honesty.ts';
import { leaks } from './leaks.ts';
import type { Ledger } from './ledger.ts';
import type { PlannedFault, TrialPlan } from './plan.ts';
import type { Random } from './random.ts';
import { NOT_RECONCILED, reconcile, type Reconciliation } from './reconcile.ts';
import type { SystemUnderProof } from './system-under-proof.ts';

export interface TrialResult extends Omit<Reconciliation, 'findings'> {
  plan: TrialPlan;
  figures: Figures;
  findings: string[];
  /** Faults that were not injected: the trial does not count for them. */
  notInjected: { fault: string; why: string }[];
  /** From the end of the last fault to an order acknowledged at its first try; undefined = never. */
  healMs: number | undefined;
  drainMs: number;
  tookMs: number;
}

export interface TrialContext {
  sut: SystemUnderProof;
  ledger: Ledger;
  random: Random;
  signal: AbortSignal;
}

const BEFORE_MS = 500;
const AFTER_MS = 500;
/** The promise (P7). */
const HEAL_WITHIN_MS = 10_000;
const WAIT_FOR_HEAL_MS = 60_000;

/** Runs one trial: load, faults, heal, load, stop, drain, compare. */
export async function runTrial(plan: TrialPlan, context: TrialContext): Promise<TrialResult> {
  const { sut, ledger, signal } = context;
  const began = performance.now();
  const { load, healMs, notInjected, findings } = await underLoad(plan, context);
  if (healMs === undefined || healMs > HEAL_WITHIN_MS)
    findings.push(`I8 healed after ${healMs === undefined ? 'no time' : `${Math.round(healMs)} ms`}`);
  const names = plan.faults.map(({ fault }) => fault);
  const seen = noticed(names, load.figures.unknown);
  if (seen) findings.push(seen);
  const { census, stuck, ms: drainMs } = await drain(sut.system, signal);
  if (stuck) findings.push(`I8 nothing moved for 30 s: ${stuck}`);
  const { findings: broken, ...counts } = census ? reconcile(ledger.operations, census) : NOT_RECONCILED;
  findings.push(...load.findings, ...sut.alarms.splice(0).map((alarm) => `I10 ${alarm}`), ...broken);
  if (census) findings.push(...(await leaks(sut.system).catch(notChecked)));
  const tookMs = performance.now() - began;
  return { plan, figures: load.figures, ...counts, findings, notInjected, healMs, drainMs, tookMs };
}

interface UnderLoad extends Pick<TrialResult, 'healMs' | 'notInjected' | 'findings'> {
  load: Load;
}

/** The part of a trial in which clients send orders. */
async function underLoad(plan: TrialPlan, context: TrialContext): Promise<UnderLoad> {
  const { sut, ledger, signal } = context;
  const random = context.random.fork(plan.number);
  const load = new Load({ api: sut.api, token: sut.system.token, ledger, random: random.fork('load') });
  try {
    await delay(BEFORE_MS, undefined, { signal });
    const ends = await Promise.allSettled(plan.faults.map((fault) => inject(fault, { ...context, random })));
    const { findings, notInjected } = notBegun(plan, ends);
    const over = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    const lastEnd = Math.max(...over.map(({ endedAt }) => endedAt), 0);
    const waited = lastEnd > 0 ? performance.now() - lastEnd : 0;
    const first = await load.firstSuccess(WAIT_FOR_HEAL_MS);
    for (const end of await Promise.allSettled(over.map(({ mended }) => mended)))
      if (end.status === 'rejected') findings.push(`I8 did not come back: ${describe(end.reason)}`);
    await delay(AFTER_MS, undefined, { signal });
    return { load, healMs: first === undefined ? undefined : waited + first, notInjected, findings };
  } finally {
    await load.stop();
  }
}

const notChecked = (error: unknown): string[] => [`I9 leaks could not be checked: ${describe(error)}`];

function notBegun(plan: TrialPlan, ends: readonly PromiseSettledResult<unknown>[]) {
  const findings: string[] = [];
  const notInjected: TrialResult['notInjected'] = [];
  for (const [index, end] of ends.entries()) {
    if (end.status === 'fulfilled') continue;
    const fault = plan.faults[index]!.fault;
    if (end.reason instanceof NotInjected) notInjected.push({ fault, why: end.reason.message });
    else findings.push(`the fault could not be injected: ${describe(end.reason)}`);
  }
  return { findings, notInjected };
}

/** Resolves when the fault is over; its consequences may take longer to heal. */
async function inject(
  { fault, target, offsetMs, durationMs }: PlannedFault,
  { sut, random, signal }: TrialContext,
): Promise<{ endedAt: number; mended: Promise<void> }> {
  await delay(offsetMs, undefined, { signal });
  const end = await faultNamed(fault).begin(sut, {
    target,
    durationMs,
    random: random.fork(`${fault} ${target}`),
  });
  await delay(durationMs, undefined, { signal }).catch(() => undefined); // always ended, also after an abort
  const endedAt = performance.now();
  const mended = end();
  mended.catch(() => undefined); // handled after the load
  return { endedAt, mended };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
