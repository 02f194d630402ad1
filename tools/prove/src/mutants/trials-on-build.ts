import { join } from 'node:path';
import { Ledger } from '../ledger.ts';
import { planTrials } from '../plan.ts';
import { DEFAULT_PLATFORM, platformNamed } from '../platform.ts';
import { proveBuild } from '../prove-build/prove-build.ts';
import type { Patch } from '../prove-build/patch.ts';
import { Random } from '../random.ts';
import { startUnderProof } from '../system-under-proof.ts';
import { runTrial, type TrialContext } from '../trial.ts';
import type { Exposure } from './mutant.ts';

export interface BuildOnTrial {
  patches: readonly Patch[];
  exposedBy: Exposure;
  /** Default: the servers of npm start. */
  platform?: string;
  /** The highest number of trials. */
  trials: number;
  seed: string;
  /** For the build, logs, data and the ledger; see `removeData`. Below the workspace. */
  folder: string;
  signal: AbortSignal;
  /** Called with the current step. */
  onProgress: (text: string) => void;
}

export interface Seen {
  /** Number of trials that ran, the last one included. */
  trials: number;
  /** Findings of the last one: the first that has any. */
  findings: string[];
}

/** Builds, then runs trials on fresh data until one has findings. */
export async function trialsOnBuild(options: BuildOnTrial): Promise<Seen> {
  const { patches, folder, signal, onProgress, platform = DEFAULT_PLATFORM.name } = options;
  const root = join(folder, 'build');
  onProgress('building');
  await proveBuild(root, { patches, signal });
  onProgress('starting');
  const sut = await startUnderProof({ folder, root, signal, platform: platformNamed(platform) });
  const ledger = new Ledger(join(folder, 'ledger.jsonl'));
  try {
    return await untilFinding(options, { sut, ledger, random: new Random(options.seed), signal });
  } finally {
    await sut.stop();
    ledger.close();
  }
}

async function untilFinding(
  { exposedBy: { faults, targets }, trials, onProgress }: BuildOnTrial,
  context: TrialContext,
): Promise<Seen> {
  for (const plan of planTrials(context.random, { only: faults, targets })) {
    onProgress(`trial ${plan.number}`);
    const { findings } = await runTrial(plan, context);
    if (findings.length > 0 || plan.number === trials) return { trials: plan.number, findings };
  }
  throw new Error('a plan has no end');
}
