import { Problem } from '../../bootstrap/problem.mjs';

/**
 * The servers in a NATS_URL: one URL or several with commas in between, as the apps take it.
 * @throws Problem when one of them is no URL of nats:// or tls://
 */
export function natsServers(url: string): string[] {
  const servers = url.split(',').map((server) => server.trim());
  if (servers.every((server) => isUrl(server, ['nats', 'tls']))) return servers;
  throw new Problem('NATS_URL must be a URL of nats:// or tls://, or several with commas in between.');
}

/** @throws Problem unless it is a URL that the apps take as DATABASE_URL */
export function assertDatabaseUrl(url: string): void {
  if (!isUrl(url, ['postgres', 'postgresql']))
    throw new Problem('DATABASE_URL must be a URL of postgres:// or postgresql://.');
}

/** The URL without its password, for messages. */
export function withoutPassword(text: string): string {
  const url = new URL(text);
  url.password = '';
  return url.href;
}

function isUrl(text: string, schemes: readonly string[]): boolean {
  return URL.canParse(text) && schemes.some((scheme) => text.startsWith(`${scheme}://`));
}
