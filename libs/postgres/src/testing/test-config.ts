/**
 * The URL in an environment variable that the runner of integration tests sets.
 *
 * @throws when it is not set
 */
export function requiredUrl(variable: 'TEST_DATABASE_URL' | 'TEST_NATS_URL' | 'TEST_NATS_215_URL'): string {
  return required(variable);
}

/** The path of a program, as {@link requiredUrl} gives that of a server. */
export function requiredProgram(variable: 'TEST_NATS_SERVER' | 'TEST_NATS_215_SERVER'): string {
  return required(variable);
}

function required(variable: string): string {
  const value = process.env[variable];
  if (!value)
    throw new Error(`${variable} is not set: run integration tests by npm test or nx run <project>:it`);
  return value;
}
