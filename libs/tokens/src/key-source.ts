import { fetchJson } from './fetch-json.js';
import { isSecureUrl } from './secure-url.js';

/** Longest time for all that is fetched, in ms. A token with an unknown key waits for it. */
const TIMEOUT_MS = 2_000;

export interface KeySource {
  /** The `iss` of its tokens. */
  readonly issuer: string;
  /** Where its keys are; undefined = where its discovery document says. */
  readonly jwksUrl: string | undefined;
  /** Whether the discovery document may name an address without TLS. */
  readonly allowHttp: boolean;
}

/** Fetches the issuer's key set, of which nothing is checked yet: within 2 s. */
export async function fetchKeys(source: KeySource): Promise<unknown> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return fetchJson(source.jwksUrl ?? (await discover(source, signal)), signal);
}

/** OpenID Connect Discovery 1.0, section 4: the document must be the issuer's own. */
async function discover({ issuer, allowHttp }: KeySource, signal: AbortSignal): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = (await fetchJson(url, signal)) as { issuer?: unknown; jwks_uri?: unknown } | null;
  const { issuer: named, jwks_uri: jwksUri } = document ?? {};
  if (named !== issuer) throw new Error(`the document at ${url} is not of the issuer ${issuer}`);
  if (typeof jwksUri === 'string' && isSecureUrl(jwksUri, allowHttp)) return jwksUri;
  throw new Error(`the document at ${url} has no jwks_uri that is safe to use`);
}
