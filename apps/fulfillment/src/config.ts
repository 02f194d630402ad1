import { databaseConfig, databaseUrl } from '@orders/postgres';
import { baseConfig, port, secretUrls } from '@orders/service';
import { z } from 'zod';

/** Everything that this app reads from its environment. */
export const fulfillmentConfig = baseConfig.extend({
  MANAGEMENT_PORT: port(9_102),
  PORT: port(3_002),
  ...databaseConfig,
  NATS_URL: secretUrls('nats', 'tls'),
});

/** What the migration step reads. */
export const migrateConfig = z.object({ DATABASE_URL: databaseUrl() });
