import { baseConfig, count, type loadConfig, milliseconds, port, tlsConfig } from '@orders/service';
import { refuseUnsafeKeys, tokenConfig } from '@orders/tokens';
import { z } from 'zod';
import declaration from '../app.json' with { type: 'json' };

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
  ...tokenConfig,
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
export const gatewayConfig = variables.superRefine(refuseUnsafeKeys);

export type Config = ReturnType<typeof loadConfig<z.output<typeof gatewayConfig>>>;
