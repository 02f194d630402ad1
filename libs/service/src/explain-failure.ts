import { ConfigError } from './config.js';
import { CliError } from './cli-error.js';

/** Causes by the SQLSTATE, code of Node or name of an error of a database, and what to do. The first one that matches holds. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/^28/, 'check user and password in DATABASE_URL, and pg_hba.conf of the server.'],
  [/^3D/, 'create it, or name another one in DATABASE_URL.'],
  [/^42P01$/, 'is DATABASE_URL the database of this app, and is it migrated?'],
  [/^TlsFailure$/, 'check sslmode and sslrootcert in DATABASE_URL, and the certificates of both ends.'],
  [/^NoWritableHost$/, 'check the hosts in DATABASE_URL, and that one of them is up as primary.'],
  [
    /^(57|08|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT|EPIPE)/,
    'check DATABASE_URL, and that it is up.',
  ],
  // Of pg, without a code.
  [/^(Connection terminated|timeout expired|timeout exceeded)/, 'check DATABASE_URL, and that it is up.'],
  [/^SASL: /, 'check user and password in DATABASE_URL.'],
];

/**
 * What a command prints when it fails by something that its user can mend, such as a database that cannot be used: one
 * line with what is wrong and what to do.
 *
 * @returns undefined for a bug
 */
export function explainFailure(error: unknown): string | undefined {
  if (error instanceof CliError) return error.message;
  if (error instanceof ConfigError) return `${error.problems.join('; ')} (environment)`;
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  for (const [cause, advice] of CAUSES)
    if ([error.name, code, error.message].some((text) => cause.test(text)))
      return `The database cannot be used: ${reasonOf(error, code)}: ${advice}`;
  return undefined;
}

/** A host with several addresses fails with an error of each, and no message of its own. */
function reasonOf(error: Error, code: string): string {
  const [line = ''] = error.message.split('\n');
  if (error instanceof AggregateError && line === '')
    return error.errors.map((each) => (each as Error).message).join('; ');
  return code === '' || line.includes(code) ? line : `${line} (${code})`;
}
