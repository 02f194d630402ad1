import { baseConfig, type loadConfig, port, secret } from '@orders/service';
import { z } from 'zod';

/** Everything that this app reads from its environment. */
export const fulfillmentConfig = baseConfig.extend({
  MANAGEMENT_PORT: port(9_102),
  PORT: port(3_002),
  DATABASE_URL: secret(),
  DATABASE_POOL_MAX: z.coerce.number().int().min(1).max(100).default(10),
  // `unchecked`: runs on a Postgres that may lose what it acknowledged, as tests do.
  POSTGRES_DURABILITY: z.enum(['required', 'unchecked']).default('required'),
  NATS_URL: secret(),
});

export type FulfillmentConfig = ReturnType<typeof loadConfig<z.output<typeof fulfillmentConfig>>>;

/** What the migration step reads. */
export const migrateConfig = z.object({ DATABASE_URL: secret() });
