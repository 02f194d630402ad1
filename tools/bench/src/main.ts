import { writeFileSync } from 'node:fs';
import { runTool } from '@orders/dev/command-line';
import { machine } from '@orders/dev/machine';
import { Bench } from './bench.ts';
import { runCompare } from './compare-scenario.ts';
import { runConsumer } from './consumer-scenario.ts';
import { runGrowth } from './growth-scenario.ts';
import { runGuard } from './guard-scenario.ts';
import { htmlReport } from './html-report.ts';
import { loadOutcome } from './load-report.ts';
import { runLoad } from './load-scenario.ts';
import { runLoads } from './loads-scenario.ts';
import { parseOptions, USAGE, type BenchOptions, type Scenario } from './options.ts';
import { textOf, type Outcome } from './outcome.ts';
import { runOutage } from './outage-scenario.ts';
import { runOverload } from './overload-scenario.ts';
import { runReplay } from './replay-scenario.ts';
import { runScale } from './scale-scenario.ts';
import { runSoak } from './soak-scenario.ts';
import { runStartup } from './startup-scenario.ts';
import { runSteady } from './steady-scenario.ts';
import { runTimeline } from './timeline-scenario.ts';
import { runTls } from './tls-scenario.ts';

const SCENARIOS: Record<Scenario, (bench: Bench) => Promise<Outcome>> = {
  load: async (bench) => loadOutcome(await runLoad(bench)),
  reads: (bench) => runLoads(bench, ['reads']),
  pages: (bench) => runLoads(bench, ['pages']),
  mixed: (bench) => runLoads(bench, ['mixed']),
  'one-caller': (bench) => runLoads(bench, ['post', 'one-caller']),
  consumer: runConsumer,
  compare: runCompare,
  timeline: runTimeline,
  steady: runSteady,
  overload: runOverload,
  replay: runReplay,
  outage: runOutage,
  growth: runGrowth,
  scale: runScale,
  soak: runSoak,
  startup: runStartup,
  tls: runTls,
  guard: runGuard,
};

await runTool({ usage: USAGE, parse: parseOptions }, main);

/** `npm run bench`. */
async function main(options: BenchOptions): Promise<number> {
  const bench = new Bench(options);
  try {
    const outcome = await SCENARIOS[options.scenario](bench);
    bench.close();
    show(options, outcome);
    return outcome.passed ? 0 : 1;
  } catch (error) {
    if (!bench.signal.aborted) throw error;
    return 130;
  } finally {
    bench.close();
  }
}

function show({ scenario, json, html }: BenchOptions, { parts, report, passed }: Outcome): void {
  const document = { scenario, at: new Date().toISOString(), machine: machine(), passed, ...report };
  console.log(json ? JSON.stringify(document, null, 2) : `\n${textOf(parts)}`);
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ');
  if (html !== undefined) writeFileSync(html, htmlReport({ command, parts, document }));
}
