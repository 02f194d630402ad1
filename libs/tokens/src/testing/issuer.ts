import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';

export const AUDIENCE = 'orders-api';

/** A small token issuer on loopback: serves its discovery document and key set over HTTP, and signs tokens. */
export async function startIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  const state = { up: true };
  let issuer = '';
  const server = createServer(({ url = '' }, response) => {
    const isDiscovery = url === '/.well-known/openid-configuration';
    const body = isDiscovery ? { issuer, jwks_uri: `${issuer}/jwks` } : { keys: [key] };
    response.writeHead(state.up ? 200 : 500, { 'content-type': 'application/json' });
    response.end(JSON.stringify(state.up ? body : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const token = (sub: string, scope: string, claims: JWTPayload = {}, header: object = {}) =>
    new SignJWT({ iss: issuer, aud: AUDIENCE, sub, scope, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1', ...header })
      .setIssuedAt()
      .setExpirationTime(claims.exp ?? '5m')
      .sign(privateKey);

  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    state,
    token,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
