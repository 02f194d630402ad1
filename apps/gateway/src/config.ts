import { baseConfig, count, type loadConfig, milliseconds, port, tlsConfig } from '@orders/service';
import { z } from 'zod';
import declaration from '../app.json' with { type: 'json' };
import { isSecureUrl } from './auth/secure-url.js';

const list = (known: readonly string[]) =>
  z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .pipe(z.array(z.enum(known)).min(1));

const hasPorts = (addresses: string): boolean =>
  addresses.split(',').every((address) => Number(address.split(':').at(-1)) <= 65_535);

export const { name } = declaration;

const variables = baseConfig.extend({
  PORT: port(declaration.ports.http),
  MANAGEMENT_PORT: port(declaration.ports.management),
  ORDERS_ADDRESS: z
    .string()
    .regex(/^\S+:\d{1,5}$/, 'must be host:port')
    .refine(hasPorts, 'must have a port of at most 65535'),
  ...tlsConfig,
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
  REQUEST_DEADLINE_MS: count(1, 5_000, 86_400_000),
  // Longest time that new orders, or reads, wait for the call of their kind in progress to end, before they go in one of
  // their own.
  GATHER_ORDERS_MS: milliseconds(20),
  // Requests in progress at a time, and requests that may wait in a burst (a quarter of it while the queue does not
  // drain): so many reads, and so many writes. Further requests get 503.
  MAX_CONCURRENT_REQUESTS: count(1, 96),
  MAX_QUEUED_REQUESTS: count(0, 192),
  MAX_QUEUE_MS: milliseconds(500),
  MAX_EVENT_LOOP_DELAY_MS: milliseconds(200),
  // Further connections are closed as soon as they are accepted, those of health checks too.
  MAX_CONNECTIONS: count(1, 4_096),
  // For each caller, in each gateway process.
  RATE_LIMIT_PER_SECOND: count(1, 1_000),
  RATE_LIMIT_BURST: count(1, 2_000),
});

/** Everything that this app reads from its environment. */
export const gatewayConfig = variables.superRefine((config, context) => {
  const { OIDC_ALLOW_HTTP: allowHttp, OIDC_JWKS_URL: jwksUrl, OIDC_ISSUER: issuer } = config;
  if (isSecureUrl(jwksUrl ?? issuer, allowHttp)) return;
  context.addIssue({
    code: 'custom',
    path: [jwksUrl === undefined ? 'OIDC_ISSUER' : 'OIDC_JWKS_URL'],
    message:
      'must be https without a user, because keys are fetched from it; http only from this machine, or with OIDC_ALLOW_HTTP=true',
  });
});

export type Config = ReturnType<typeof loadConfig<z.output<typeof gatewayConfig>>>;
