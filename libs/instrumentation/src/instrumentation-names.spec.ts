import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

import { INSTRUMENTATIONS } from './instrumentation-names.js';

const PREFIX = '@opentelemetry/instrumentation-';

it('knows every instrumentation that the package brings', () => {
  const entry = fileURLToPath(import.meta.resolve('@opentelemetry/auto-instrumentations-node'));
  const text = readFileSync(join(dirname(entry), '../package.json'), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
  const brought = Object.keys(dependencies).filter((name) => name.startsWith(PREFIX));
  expect(INSTRUMENTATIONS.map((name) => PREFIX + name)).toEqual(brought);
});
