import { Problem } from '../bootstrap/problem.mjs';
import { noArguments, runTool } from './command-line.ts';
import { DERIVED_FILES } from './derived/derived-files.ts';
import { generateAll } from './derived/generate-all.ts';
import { OBSERVABILITY } from './observability/files.ts';
import { CommandFailed } from './stack/run.ts';

const USAGE = `npm run generate: updates the generated files that are committed
  from the .proto and the events  code and JSON Schemas in libs/contracts
  from declarations and configs   facts, values, schemas and READMEs of the charts in helm
  from apps/NAME/app.json and src/metric-definitions.ts
                                  parts of ${DERIVED_FILES.join(', ')}
                                  all of ${OBSERVABILITY}`;

await runTool({ usage: USAGE, parse: noArguments }, main);

/** `npm run generate`: updates all generated files. */
async function main(): Promise<number> {
  try {
    const changed = await generateAll();
    console.log(changed.length > 0 ? `Changed: ${changed.join(', ')}` : 'Everything was up to date.');
    return 0;
  } catch (error) {
    if (error instanceof CommandFailed) throw new Problem(error.output.trim(), { cause: error });
    throw error;
  }
}
