/**
 * The URL in an environment variable that the runner of integration tests sets.
 *
 * @throws when it is not set
 */
export function requiredUrl(variable: 'TEST_DATABASE_URL' | 'TEST_NATS_URL' | 'TEST_NATS_215_URL'): string {
  const url = process.env[variable];
  if (!url)
    throw new Error(`${variable} is not set: run integration tests by npm test or nx run <project>:it`);
  return url;
}
