import { generateAll } from '../derived/generate-all.ts';
import { nx } from '../stack/build.ts';
import { commandCheck, tool, type Check } from './check.ts';
import { jestCheck } from './jest-check.ts';
import {
  ADVISORIES,
  CONTRACTS,
  COST_GUARD,
  FUZZ,
  PROOF,
  PROOF_ON_OTHER_SERVERS,
  SECRETS,
} from './tool-check.ts';

function everywhere(target: string): (signal: AbortSignal) => Promise<string> {
  return (signal) => nx(['run-many', '-t', target, '--output-style=static'], { signal });
}

/** Two rows of checks that run in parallel. */
export const SIDE_BY_SIDE: readonly (readonly Check[])[] = [
  [
    commandCheck('format', (signal) => tool('prettier', ['--check', '.', '--log-level=warn'], { signal })),
    commandCheck('lint', everywhere('lint')),
    commandCheck('types', everywhere('typecheck')),
    CONTRACTS,
    ADVISORIES,
    SECRETS,
  ],
  [
    jestCheck('unit tests', 'jest.config.mjs'),
    { ...commandCheck('build', everywhere('build')), makes: true },
  ],
];

/** Runs first, since it rewrites what the others read. */
export const GENERATED = commandCheck('generated files', async (signal) => {
  const changed = await generateAll(signal);
  if (changed.length > 0)
    throw new Error(`Generated files were not up to date; they are now, commit them: ${changed.join(', ')}`);
});

/** These measure time and need the machine for themselves. */
export const ALONE: readonly Check[] = [
  jestCheck('integration tests', 'jest.it.config.mjs', { needs: 'build' }),
  jestCheck('end-to-end tests', 'jest.e2e.config.mjs', { needs: 'build' }),
  FUZZ,
  PROOF,
  PROOF_ON_OTHER_SERVERS,
  COST_GUARD,
];
