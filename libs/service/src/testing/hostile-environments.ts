import fc from 'fast-check';
import { inspect } from 'node:util';
import type { z } from 'zod';
import { ConfigError, readConfig } from '../config.js';

/** How many environments each app is tried with. */
const ENVIRONMENTS = 2_000;

/** In each value, so that a message that shows one is noticed. */
const MARK = 'hunter2';

const words = fc.constantFrom(
  '',
  '0',
  '-1',
  '1e3',
  '0x10',
  '1.5',
  '99999999999999999999',
  'NaN',
  'true',
  'null',
  '[]',
  '{}',
);
const urls = fc.constantFrom(
  `postgres://u:${MARK}@h/d`,
  `postgres://u:${MARK}@h/d?options=-c%20x`,
  `postgres://${MARK}`,
  `nats://u:${MARK}@h,tls://h`,
  `nats://${MARK}@[::1]:99999`,
  `http://${MARK}`,
  `file:///etc/${MARK}`,
  `javascript:${MARK}`,
);
const texts = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => `${text}${MARK}`);
const values = fc.oneof(words, urls, texts, fc.constant(MARK.repeat(2_000)));

/**
 * Reads environments that are one to three variables away from a good one. Each must give a config, or be refused by a
 * {@link ConfigError} whose lines begin with the name of a variable. Neither shows a value that may be a secret.
 *
 * @param good variables that the schema accepts
 * @throws the smallest environment for which that does not hold
 */
export function assertWithstandsAnyEnvironment(
  schema: z.ZodType<object>,
  good: Readonly<Record<string, string>>,
): void {
  const names = Object.keys(readConfig(schema, good)).map(variableOf);
  const changes = fc.dictionary(fc.constantFrom(...names), values, { minKeys: 1, maxKeys: 3 });
  fc.assert(
    fc.property(changes, (changed) => {
      const problems = problemsOf(schema, { ...good, ...changed });
      const unnamed = problems.filter((problem) => !names.includes(/^[A-Z\d_]+/.exec(problem)?.[0] ?? ''));
      if (unnamed.length > 0) throw new Error(`names no variable: ${unnamed.join('; ')}`);
      if (problems.join().includes(MARK)) throw new Error(`shows a value: ${problems.join('; ')}`);
    }),
    { numRuns: ENVIRONMENTS },
  );
}

/** Empty when the environment is accepted. */
function problemsOf(schema: z.ZodType<object>, env: Record<string, string>): readonly string[] {
  try {
    const { databaseUrl, natsUrl } = readConfig(schema, env) as { databaseUrl?: unknown; natsUrl?: unknown };
    return inspect({ databaseUrl, natsUrl }).includes(MARK) ? [`config: shows ${MARK}`] : [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** `databasePoolMax` was DATABASE_POOL_MAX. */
function variableOf(key: string): string {
  return key.replaceAll(/([A-Z]|\d+)/g, '_$1').toUpperCase();
}
