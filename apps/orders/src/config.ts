import { baseConfig, databaseConfig, type loadConfig, port, secret } from '@orders/service';
import { z } from 'zod';

const common = baseConfig.extend({
  MANAGEMENT_PORT: port(9_101),
  GRPC_PORT: port(50_051),
});

/** Everything that this app reads from its environment. */
export const ordersConfig = z.preprocess(
  (env: object) => ({ STORAGE: 'postgres', ...env }),
  z.discriminatedUnion('STORAGE', [
    common.extend({
      STORAGE: z.literal('postgres'),
      ...databaseConfig,
      NATS_URL: secret(),
    }),
    /** Nothing is kept and no event is published: for tests and for a first look without a server. */
    common.extend({ STORAGE: z.literal('memory') }),
  ]),
);

/** What the migration step reads. */
export const migrateConfig = z.object({ DATABASE_URL: secret() });

export type OrdersConfig = ReturnType<typeof loadConfig<z.output<typeof ordersConfig>>>;

/** What `replay` reads. */
export const replayConfig = migrateConfig.extend({ NATS_URL: secret() });
