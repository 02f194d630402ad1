import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { createProgress } from '@orders/dev/bootstrap/progress.mjs';
import { killAllChildren } from '@orders/dev/stack/child';
import { LOCAL } from '@orders/dev/stack/paths';
import { stopOnSignals } from '@orders/dev/stop-signals';
import { Ledger } from './ledger.ts';
import { thisMachine } from './machine.ts';
import { planTrials } from './plan.ts';
import { proveBuild } from './prove-build/prove-build.ts';
import { Random } from './random.ts';
import { removeData, startUnderProof } from './system-under-proof.ts';
import { runTrial } from './trial.ts';

/** Postgres acknowledges a commit before it is on disk: a power cut loses the last ones. */
const UNSAFE = { synchronous_commit: 'off' };
const TRIALS_AT_MOST = 10;

/**
 * The control group of the power cut: with a Postgres that may lose acknowledged commits, lost orders must be found.
 * Otherwise it proves nothing that none are lost with our settings. Resolves with the exit code.
 */
export async function runControls(seed: string): Promise<number> {
  const { disks: noDisks } = await thisMachine();
  if (noDisks) throw new Problem(`The power cut is not possible here: ${noDisks}.`);
  const progress = createProgress();
  const signal = stopOnSignals({ onSecond: killAllChildren });
  const folder = join(LOCAL, 'prove', `controls-${seed}`);
  mkdirSync(folder, { recursive: true });
  const ledger = new Ledger(join(folder, 'ledger.jsonl'));
  const root = join(folder, 'build');
  await proveBuild(root, { signal });
  const options = { folder, root, postgresSettings: UNSAFE, steps: progress, signal };
  const sut = await startUnderProof(options);
  try {
    const random = new Random(seed);
    for (const plan of planTrials(random, { only: ['power cut'], targets: ['postgres'] })) {
      const { lost } = await runTrial(plan, { sut, ledger, random, signal });
      progress.log(`trial ${plan.number}: ${lost.orders} acknowledged orders lost`);
      if (lost.orders > 0) break;
      if (plan.number === TRIALS_AT_MOST) {
        console.log('✗ the power cut does not show what synchronous_commit=off loses');
        return 1;
      }
    }
    console.log('✓ with synchronous_commit=off the power cut shows lost orders');
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    return 130;
  } finally {
    progress.close();
    await sut.stop();
    ledger.close();
    removeData(folder);
  }
}
