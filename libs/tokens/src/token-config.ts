import { milliseconds } from '@orders/service';
import { z } from 'zod';
import { isSecureUrl } from './secure-url.js';

const list = (known: readonly string[]) =>
  z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .pipe(z.array(z.enum(known)).min(1));

/** The variables of an app that checks tokens, for its schema; it also needs {@link refuseUnsafeKeys}. */
export const tokenConfig = {
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }),
  OIDC_AUDIENCE: z.string().min(1).default('orders-api'),
  // Where the issuer's keys are; without it they are where the issuer's discovery document says.
  OIDC_JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  // Whoever can change a key set that is fetched without TLS can make tokens. For development only.
  OIDC_ALLOW_HTTP: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
  // The `typ` that tokens must have, such as at+jwt (RFC 9068); without it also JWT or none.
  OIDC_TOKEN_TYPE: z
    .string()
    .regex(/^[\w.+/-]{1,64}$/, 'must be a media type, such as at+jwt')
    .optional(),
  // Longest time from a token's `iat` to its `exp`.
  OIDC_MAX_LIFETIME_MS: milliseconds(86_400_000, { min: 1_000, max: 31 * 86_400_000 }),
  // Asymmetric algorithms only: whoever can verify a token with a shared secret can also forge one.
  OIDC_ALGORITHMS: list(['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519']).default([
    'RS256',
    'ES256',
  ]),
};

/** The parsed {@link tokenConfig}. */
export interface TokenConfig {
  readonly oidcIssuer: string;
  readonly oidcAudience: string;
  readonly oidcJwksUrl?: string | undefined;
  readonly oidcAllowHttp: boolean;
  readonly oidcTokenType?: string | undefined;
  readonly oidcMaxLifetimeMs: number;
  readonly oidcAlgorithms: readonly string[];
}

interface KeyVariables {
  OIDC_ISSUER: string;
  OIDC_JWKS_URL?: string | undefined;
  OIDC_ALLOW_HTTP: boolean;
}

/** A check for `superRefine`: keys are fetched by TLS, or from this machine, or where it is allowed. */
export function refuseUnsafeKeys(config: KeyVariables, context: z.RefinementCtx): void {
  const { OIDC_ALLOW_HTTP: allowHttp, OIDC_JWKS_URL: jwksUrl, OIDC_ISSUER: issuer } = config;
  if (isSecureUrl(jwksUrl ?? issuer, allowHttp)) return;
  context.addIssue({
    code: 'custom',
    path: [jwksUrl === undefined ? 'OIDC_ISSUER' : 'OIDC_JWKS_URL'],
    message:
      'must be https without a user, because keys are fetched from it; http only from this machine, or with OIDC_ALLOW_HTTP=true',
  });
}
