import { Secret } from '@orders/service';
import { z } from 'zod';

/** Scheme and credentials, hosts, the rest. */
const PARTS = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^@/?#]*)(.*)$/;

/** Parameters that a URL may have: about TLS, the way to the server, and the choice of a host. */
const PARAMETERS = /^(ssl\w*|uselibpqcompat|host|port|user|password|target_session_attrs)$/;

/** Every app writes: it needs the host that takes writes, and no other. */
const SESSION_ATTRIBUTES = ['read-write', 'primary'];

/**
 * Config variable for the URL of a database. It may have several hosts, as libpq takes them:
 * `postgres://user:password@a:5432,b:5432/db?target_session_attrs=read-write`.
 *
 * Parameters that would replace what the app sets itself, such as timeouts, are refused by their names.
 */
export function databaseUrl() {
  return z
    .string()
    .superRefine((text, context) => {
      const problem = problemOf(text);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .transform((text) => new Secret(text));
}

/** A URL for each host of a URL, in its order: one unless it lists several. */
export function urlsOfHosts(text: string): [string, ...string[]] {
  const [, before = '', hosts = '', after = ''] = PARTS.exec(text) ?? [];
  return hosts.split(',').map((host) => `${before}${host}${after}`) as [string, ...string[]];
}

function problemOf(text: string): string | undefined {
  const urls = urlsOfHosts(text);
  if (!urls.every((url) => URL.canParse(url))) return 'must be a URL of postgres:// or postgresql://';
  if (urls.length > 1 && urls.some((url) => new URL(url).hostname === '')) return 'has an empty host';
  const { searchParams } = new URL(urls[0]);
  const unknown = [...searchParams.keys()].find((name) => !PARAMETERS.test(name));
  if (unknown !== undefined)
    return `must not have the parameter ${unknown}: the app sets it itself or ignores it`;
  const attributes = searchParams.get('target_session_attrs');
  if (attributes === null || SESSION_ATTRIBUTES.includes(attributes)) return undefined;
  return `target_session_attrs must be ${SESSION_ATTRIBUTES.join(' or ')}`;
}
