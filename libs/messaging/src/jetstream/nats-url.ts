import { Secret } from '@orders/service';

/** What a URL tells about the user. */
export type UrlUser = { readonly user: string; readonly password: Secret } | { readonly token: Secret };

/** The parsed NATS_URL. */
export interface NatsUrl {
  /** Each server as `host:port`. */
  readonly servers: readonly [string, ...string[]];
  /** True when one of them is `tls://`: then none is used without TLS. */
  readonly demandsTls: boolean;
  /** undefined when no server has one. */
  readonly user: UrlUser | undefined;
}

const DEFAULT_PORT = 4222;
/** Scheme, what stands before the last @, host, port. A password may have any character. */
const PARTS = /^(nats|tls):\/\/(?:(.*)@)?(\[[\da-f:.]+\]|[^\s,@:/?#[\]]+)(?::(\d{1,5}))?\/?$/is;

/**
 * Parses `nats://host:4222`, or several such URLs with commas in between. `tls://` demands TLS. A user stands before the
 * host, as `user:password@`, `token@`, with special characters as they are or percent-encoded; a `%` that begins no
 * percent-encoding stands for itself.
 *
 * @throws {Error} with a reason that has no part of the URL
 */
export function parseNatsUrl(text: string): NatsUrl {
  // A password may have a comma: a URL begins with its scheme.
  const urls = text.split(/,(?=\s*(?:nats|tls):\/\/)/i).map((url) => parseOne(url.trim()));
  const users = urls.flatMap(({ user }) => user ?? []);
  if (new Set(users).size > 1) throw new Error('has different users: give them in other variables');
  return {
    servers: urls.map(({ server }) => server) as [string, ...string[]],
    demandsTls: urls.some(({ scheme }) => scheme === 'tls'),
    user: users[0] === undefined ? undefined : parseUser(users[0]),
  };
}

function parseOne(url: string): { scheme: string; user: string | undefined; server: string } {
  const [, scheme, user, host, port = String(DEFAULT_PORT)] = PARTS.exec(url) ?? [];
  if (scheme === undefined || host === undefined || !URL.canParse(`http://${host}`))
    throw new Error('must be a URL of nats:// or tls://, or a list with commas');
  if (Number(port) < 1 || Number(port) > 65_535) throw new Error('must have a port from 1 to 65535');
  return { scheme: scheme.toLowerCase(), user, server: `${host}:${port}` };
}

function parseUser(text: string): UrlUser {
  const colon = text.indexOf(':');
  const [name, password] = colon === -1 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
  if (name === '') throw new Error('has an empty user or token');
  if (password === undefined) return { token: new Secret(decode(name)) };
  return { user: decode(name), password: new Secret(decode(password)) };
}

/** Decodes what is percent-encoded UTF-8, and leaves the rest. */
function decode(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}
