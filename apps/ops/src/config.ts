import { baseConfig, count, type loadConfig, port, Secret, tlsConfig } from '@orders/service';
import { refuseUnsafeKeys, tokenConfig } from '@orders/tokens';
import { z } from 'zod';
import declaration from '../app.json' with { type: 'json' };
import { parseAddresses } from './system/addresses.js';

export const { name } = declaration;

const addresses = z
  .string()
  .default('')
  .transform((text, context) => parseAddresses(text, (message) => context.addIssue(message)));

/** Everything that this app reads from its environment. */
export const opsConfig = baseConfig
  .extend({
    PORT: port(declaration.ports.http),
    MANAGEMENT_PORT: port(declaration.ports.management),
    // Where the metrics of the other apps are: `gateway=HOST:PORT,orders=HOST:PORT`. A name with several addresses stands
    // for as many replicas. What is not listed is not shown.
    MANAGEMENT_ADDRESSES: addresses,
    // Where the effects of orders in consumers can be read, in the same form. What is not listed is told as silent.
    EFFECT_ADDRESSES: addresses,
    ORDERS_ADDRESS: z.string().regex(/^\S+:\d{1,5}$/, 'must be host:port'),
    ...tlsConfig,
    ...tokenConfig,
    // The client of the issuer that signs people in, by authorization code with PKCE; without it the page asks for a token.
    OIDC_CLIENT_ID: z.string().min(1).max(255).optional(),
    // Where a trace can be looked at, with `{traceId}` in place of its id.
    TRACE_URL_TEMPLATE: z
      .url({ protocol: /^https?$/ })
      .refine((text) => text.includes('{traceId}'), 'must contain {traceId}')
      .optional(),
    // What senders of spans must show as a bearer token at /v1/traces; without it no spans are taken.
    SPANS_TOKEN: z
      .string()
      .regex(/^[A-Za-z0-9._~-]{16,256}$/, 'must be 16 to 256 letters, digits and ._~-')
      .transform((text) => new Secret(text))
      .optional(),
    // The newest spans are kept, about 1 KiB each.
    MAX_SPANS: count(100, 20_000),
  })
  .superRefine(refuseUnsafeKeys);

export type Config = ReturnType<typeof loadConfig<z.output<typeof opsConfig>>>;
