import { runTool } from '@orders/dev/command-line';
import { machine } from '@orders/dev/machine';
import { Bench } from './bench.ts';
import { runGrowth } from './growth-scenario.ts';
import { runGuard } from './guard-scenario.ts';
import { loadOutcome } from './load-report.ts';
import { runLoad } from './load-scenario.ts';
import { parseOptions, USAGE, type BenchOptions, type Scenario } from './options.ts';
import type { Outcome } from './outcome.ts';
import { runOutage } from './outage-scenario.ts';
import { runOverload } from './overload-scenario.ts';
import { runReplay } from './replay-scenario.ts';
import { runStartup } from './startup-scenario.ts';
import { runSteady } from './steady-scenario.ts';
import { runTimeline } from './timeline-scenario.ts';
import { runTls } from './tls-scenario.ts';

const SCENARIOS: Record<Scenario, (bench: Bench) => Promise<Outcome>> = {
  load: async (bench) => loadOutcome(await runLoad(bench)),
  timeline: runTimeline,
  steady: runSteady,
  overload: runOverload,
  replay: runReplay,
  outage: runOutage,
  growth: runGrowth,
  startup: runStartup,
  tls: runTls,
  guard: runGuard,
};

await runTool({ usage: USAGE, parse: parseOptions }, main);

/** `npm run bench`. */
async function main(options: BenchOptions): Promise<number> {
  const bench = new Bench(options);
  try {
    const { text, report, passed } = await SCENARIOS[options.scenario](bench);
    bench.close();
    const document = { scenario: options.scenario, machine: machine(), passed, ...report };
    console.log(options.json ? JSON.stringify(document, null, 2) : `\n${text}`);
    return passed ? 0 : 1;
  } catch (error) {
    if (!bench.signal.aborted) throw error;
    return 130;
  } finally {
    bench.close();
  }
}
