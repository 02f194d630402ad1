import { z } from 'zod';

/** A TCP port, 0 to 65535; 0 = any free one. Required without `fallback`. */
export function port(fallback?: number) {
  return number(0, 65_535, fallback);
}

/** A duration in whole ms, 0 to one day unless `range` says otherwise. Required without `fallback`. */
export function milliseconds(fallback?: number, { min, max } = { min: 0, max: 86_400_000 }) {
  return number(min, max, fallback);
}

/** A whole number of bytes, at least 1 MiB. Required without `fallback`. */
export function bytes(fallback?: number) {
  return number(1_048_576, Number.MAX_SAFE_INTEGER, fallback);
}

/** A whole number from `min` to `max`, both allowed. */
export function count(min: number, fallback: number, max = 1_000_000) {
  return number(min, max, fallback);
}

function number(min: number, max: number, fallback?: number) {
  const schema = z
    .string()
    .regex(/^\d{1,16}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
  // `default` takes a value of the output type, a number, although the input is text.
  return fallback === undefined ? schema : schema.default(fallback);
}

/** The variables that every app reads. Extend it: `baseConfig.extend({ PORT: port(3000) })`. */
export const baseConfig = z.object({
  HOST: z.string().default('0.0.0.0'),
  MANAGEMENT_PORT: port(9_100),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  SHUTDOWN_WAIT_MS: milliseconds(5_000),
  SHUTDOWN_DRAIN_MS: milliseconds(15_000),
});

/** `DATABASE_POOL_MAX` becomes `databasePoolMax`; a key with a lower-case letter stays as it is. */
type CamelKey<K> = K extends Uppercase<K & string> ? Camel<Lowercase<K & string>> : K;
type Camel<K extends string> = K extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : K;
type CamelKeys<T> = { [K in keyof T as CamelKey<K>]: T[K] };

/** The parsed {@link baseConfig}. */
export type BaseConfig = Readonly<CamelKeys<z.output<typeof baseConfig>>>;

/** All problems of an environment, each as `KEY: what is wrong`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/**
 * Parses an environment. An empty value counts as absent. Keys of the result are camelCase, and it is frozen.
 *
 * @throws {ConfigError} with all problems at once
 */
export function readConfig<T extends object>(
  schema: z.ZodType<T>,
  env: NodeJS.ProcessEnv,
): Readonly<CamelKeys<T>> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(present, { reportInput: true });
  if (!result.success) throw new ConfigError(result.error.issues.map(describe));
  const entries = Object.entries(result.data).map(([key, value]) => [camelKey(key), value] as const);
  return Object.freeze(Object.fromEntries(entries)) as CamelKeys<T>;
}

/**
 * {@link readConfig} for a `main`: prints each problem on stderr, in a line with its key, and exits with 1.
 *
 * @param env default: the environment of the process
 */
export function loadConfig<T extends object>(
  schema: z.ZodType<T>,
  env: NodeJS.ProcessEnv = process.env,
): Readonly<CamelKeys<T>> {
  try {
    return readConfig(schema, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    process.exit(1);
  }
}

/** Leaves out the value: it may be a secret. */
function describe(issue: z.core.$ZodIssue): string {
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  return `${issue.path.join('.') || 'config'}: ${missing ? 'is required' : issue.message}`;
}

function camelKey(key: string): string {
  if (key !== key.toUpperCase()) return key;
  return key.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
