import type { Service } from '@orders/service';
import type { TokenConfig } from './token-config.js';
import { openTokenKeys } from './token-keys.js';
import { TokenVerifier } from './token-verifier.js';

/** Verifies tokens by the issuer's keys, which are kept fresh until the service stops. Without keys it is not ready. */
export function openTokenVerifier(config: TokenConfig, service: Service): TokenVerifier {
  return new TokenVerifier(openTokenKeys(config, service), {
    issuer: config.oidcIssuer,
    audience: config.oidcAudience,
    algorithms: config.oidcAlgorithms,
    tokenType: config.oidcTokenType,
    maxLifetimeMs: config.oidcMaxLifetimeMs,
  });
}
