import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { OAuth2Server, type MutableToken, type TokenRequestIncomingMessage } from 'oauth2-mock-server';

export const AUDIENCE = 'orders-api';
export const DEMO_CUSTOMER = 'demo';
export const DEFAULT_SCOPES = 'orders:read orders:write';
export const OPS_SCOPES = 'ops:read ops:write';
const LIFETIME_S = 12 * 60 * 60;

export interface Issuer {
  /** The `iss` of its tokens. */
  url: string;
  jwksUrl: string;
  /** A signed bearer token for a customer, good for 12 h. Default scopes: read and write. */
  token: (sub: string, scopes?: string) => Promise<string>;
  /** Starts it again after {@link stop}, at the same address and with the same key. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a development OIDC issuer on 127.0.0.1. Its token endpoint answers every `client_credentials` request with a token
 * whose subject is the client_id. Its key is kept in a file, so that tokens survive a restart.
 */
export async function startIssuer({ port, keyFile }: { port: number; keyFile: string }): Promise<Issuer> {
  const server = new OAuth2Server();
  await useKey(server, keyFile);
  const url = `http://127.0.0.1:${port}`;
  const start = async (): Promise<void> => {
    await server.start(port, '127.0.0.1');
    server.issuer.url = url;
  };
  await start();
  server.service.on(
    'beforeTokenSigning',
    ({ payload }: MutableToken, { body }: TokenRequestIncomingMessage) => {
      const sub = typeof body.client_id === 'string' ? body.client_id : DEMO_CUSTOMER;
      Object.assign(payload, claims(sub, body.scope, payload.iat));
    },
  );
  return {
    url,
    jwksUrl: `${url}/jwks`,
    token: (sub, scopes) => {
      server.issuer.url = url; // a stopped one has none
      return server.issuer.buildToken({
        scopesOrTransform: (_header, payload) => Object.assign(payload, claims(sub, scopes, payload.iat)),
      });
    },
    start,
    stop: () => (server.listening ? server.stop() : Promise.resolve()),
  };
}

function claims(sub: string, scope = DEFAULT_SCOPES, iat = 0): Record<string, unknown> {
  return { sub, scope, aud: AUDIENCE, exp: iat + LIFETIME_S };
}

async function useKey(server: OAuth2Server, keyFile: string): Promise<void> {
  if (!existsSync(keyFile)) {
    mkdirSync(dirname(keyFile), { recursive: true });
    writeFileSync(keyFile, JSON.stringify(await newKey()), { mode: 0o600 });
  }
  await server.issuer.keys.add(JSON.parse(readFileSync(keyFile, 'utf8')) as Record<string, unknown>);
}

/** A signing key as a private JWK; made here, because the issuer's own generator refuses its keys inside Jest. */
async function newKey(): Promise<Record<string, unknown>> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: randomUUID() };
}
