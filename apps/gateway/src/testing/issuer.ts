import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';

export const AUDIENCE = 'orders-api';

/** A small token issuer on loopback: serves its key set over HTTP and signs tokens. */
export async function startIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  const state = { up: true };
  const server = createServer((_request, response) => {
    response.writeHead(state.up ? 200 : 500, { 'content-type': 'application/json' });
    response.end(JSON.stringify(state.up ? { keys: [key] } : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const token = (sub: string, scope: string, claims: JWTPayload = {}) =>
    new SignJWT({ iss: issuer, aud: AUDIENCE, sub, scope, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
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
