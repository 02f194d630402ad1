import { report as reportError } from '@orders/dev/bootstrap/problem.mjs';
import { Bench } from './bench.ts';
import { loadReport } from './load-report.ts';
import { runLoad } from './load-scenario.ts';
import { machine } from './machine.ts';
import { parseOptions, USAGE } from './options.ts';

process.exitCode = await main().catch(reportError);
if (process.connected) process.disconnect();

/** `npm run bench`. */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE);
    return 0;
  }
  const bench = new Bench(options);
  try {
    const report = await runLoad(bench);
    const complete = report.runs.every((run) => run.complete);
    const text = options.json
      ? JSON.stringify({ scenario: options.scenario, machine: machine(), ...report }, null, 2)
      : `\n${loadReport(report)}`;
    console.log(text);
    return complete ? 0 : 1;
  } finally {
    bench.close();
  }
}
