import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { noArguments, runTool } from './command-line.ts';
import { betweenLibs, circles, importsOf, sourceFiles } from './import-graph.ts';
import { ROOT } from './stack/paths.ts';
import { textTable } from './tables.ts';

const USAGE = `npm run graph: prints what each lib imports, the lowest first, and the files over 250 lines
Fails when files or libs import each other in a circle, and names the circle`;

const LONGEST = 250;
const GENERATED = /\/src\/gen\//;

await runTool({ usage: USAGE, parse: noArguments }, main);

async function main(): Promise<number> {
  const files = sourceFiles(ROOT);
  const graph = importsOf(files, ROOT);
  const tests = betweenLibs(graph, 'tests');
  const rows = [...betweenLibs(graph, 'code')].map(([lib, imports]) => {
    const more = [...(tests.get(lib) ?? [])].filter((other) => !imports.has(other));
    return [lib, named('→ ', [...imports]), named('its tests also → ', more)];
  });
  console.log(textTable([], rows));
  for (const file of files.filter((one) => !GENERATED.test(one))) {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1;
    if (lines > LONGEST) console.log(`over ${LONGEST} lines: ${file} (${lines})`);
  }
  const found = [...circles(graph), ...circles(betweenLibs(graph))];
  for (const way of found) console.error(`✗ a circle: ${way.join(' → ')}`);
  console.log(`${files.length} files, ${found.length} circles`);
  return found.length > 0 ? 1 : 0;
}

function named(before: string, names: string[]): string {
  return names.length > 0 ? before + names.sort().join(', ') : '';
}
