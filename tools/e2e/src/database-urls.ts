/** The environment of an app with other URLs of its databases. */
export function withDatabaseUrls(
  environment: Record<string, string>,
  change: (url: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      name.endsWith('DATABASE_URL') ? change(value) : value,
    ]),
  );
}
