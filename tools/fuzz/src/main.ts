import { runTool } from '@orders/dev/command-line';
import { parseOptions, USAGE } from './options.ts';
import { runFuzz } from './run.ts';

await runTool({ usage: USAGE, parse: parseOptions }, (options) => {
  console.log(`seed ${options.seed}, ${options.cases} cases`);
  return runFuzz(options);
});
