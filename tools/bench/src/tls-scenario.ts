import type { Bench } from './bench.ts';
import { figure } from './figure.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { closedLoop, type Run, warmUp } from './closed-loop.ts';
import { checkTable, type Check, type Outcome } from './outcome.ts';

const CONNECTIONS = 64;
const ROUNDS = 2;
/** What TLS may add to the CPU of an order. */
const MOST = 0.12;

/**
 * The CPU of an order with TLS between the processes and without. Both take turns, so that other work on the machine
 * disturbs both alike; the cheapest run of each counts, since a disturbance only raises the cost.
 */
export async function runTls(bench: Bench): Promise<Outcome> {
  const generator = await resolveGenerator(bench.signal);
  const { seconds } = bench.options;
  const runs: Record<'insecure' | 'secure', Run[]> = { insecure: [], secure: [] };
  for (let round = 1; round <= ROUNDS; round += 1)
    for (const kind of ['insecure', 'secure'] as const) {
      const run = await bench.withSystem({ insecure: kind === 'insecure' }, async (sut) => {
        await warmUp(bench, sut, { generator });
        const name = `${CONNECTIONS} connections, ${kind}`;
        return closedLoop(bench, sut, { generator, connections: CONNECTIONS, seconds, name });
      });
      runs[kind].push(run);
    }
  const without = cheapest(runs.insecure);
  const withTls = cheapest(runs.secure);
  const more = withTls / without - 1;
  const check: Check = {
    name: 'CPU per order with TLS',
    measured: `${figure(withTls, 3)} s per 1,000, without ${figure(without, 3)} s: ${figure(more * 100, 1)} % more`,
    wanted: `≤ ${MOST * 100} % more`,
    ok: more <= MOST,
  };
  return { parts: [checkTable([check])], report: { runs, more, checks: [check] }, passed: check.ok };
}

function cheapest(runs: readonly Run[]): number {
  return Math.min(...runs.map(({ totalCpu }) => totalCpu));
}
