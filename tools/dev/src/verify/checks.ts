import { generateAll } from '../derived/generate-all.ts';
import { nx } from '../stack/build.ts';
import { commandCheck, tool, type Check } from './check.ts';
import { jestCheck } from './jest-check.ts';
import { COST_GUARD, PROOF } from './tool-check.ts';

function everywhere(target: string): (signal: AbortSignal) => Promise<string> {
  return (signal) => nx(['run-many', '-t', target, '--output-style=static'], { signal });
}

/** Two rows of checks that may run beside each other. */
export const SIDE_BY_SIDE: readonly (readonly Check[])[] = [
  [
    commandCheck('format', (signal) => tool('prettier', ['--check', '.', '--log-level=warn'], { signal })),
    commandCheck('lint', everywhere('lint')),
    commandCheck('types', everywhere('typecheck')),
  ],
  [
    jestCheck('unit tests', 'jest.config.mjs'),
    { ...commandCheck('build', everywhere('build')), makes: true },
  ],
];

/** First of all, since it rewrites what the others read. */
export const GENERATED = commandCheck('generated files', async (signal) => {
  const changed = await generateAll(signal);
  if (changed.length > 0)
    throw new Error(`What is generated was not up to date; it is now, commit it: ${changed.join(', ')}`);
});

/** These measure time and want the machine for themselves. */
export const ALONE: readonly Check[] = [
  jestCheck('integration tests', 'jest.it.config.mjs', 'build'),
  jestCheck('end-to-end tests', 'jest.e2e.config.mjs', 'build'),
  PROOF,
  COST_GUARD,
];
