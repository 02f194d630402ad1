import { databaseConfig, databaseUrl } from '@orders/postgres';
import { baseConfig, type loadConfig, port, secretUrls } from '@orders/service';
import { z } from 'zod';

const common = baseConfig.extend({
  MANAGEMENT_PORT: port(9_101),
  GRPC_PORT: port(50_051),
});

/** Everything that this app reads from its environment. */
export const ordersConfig = z.preprocess(
  (env: object) => ({ STORAGE: 'postgres', ...env }),
  // `common` is not in the union, which says nothing else while STORAGE is wrong.
  z.intersection(
    common,
    z.discriminatedUnion('STORAGE', [
      z.object({
        STORAGE: z.literal('postgres'),
        ...databaseConfig,
        NATS_URL: secretUrls('nats', 'tls'),
      }),
      /** Nothing is kept and no event is published: for tests and for a first look without a server. */
      z.object({ STORAGE: z.literal('memory') }),
    ]),
  ),
);

/** What the migration step reads. */
export const migrateConfig = z.object({ DATABASE_URL: databaseUrl() });

export type OrdersConfig = ReturnType<typeof loadConfig<z.output<typeof ordersConfig>>>;

/** What `replay` reads. */
export const replayConfig = migrateConfig.extend({ NATS_URL: secretUrls('nats', 'tls') });
