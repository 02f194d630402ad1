import { z } from 'zod';

// Imports none of our files, because tools and scripts run it from source.

const port = z.int().min(1).max(65_535);
const appName = z.string().regex(/^[a-z][a-z0-9-]{1,30}$/, 'must be lower case letters, digits and hyphens');
const rpcService = z
  .string()
  .regex(/^[a-z][a-z0-9_.]*\.[A-Z]\w*$/, 'must be a gRPC service with its package, as in orders.v1.Orders');
const rpcCall = z
  .string()
  .regex(
    /^[a-z][a-z0-9_.]*\.[A-Z]\w*(\/[A-Z]\w*)?$/,
    'must be a gRPC service or one of its RPCs, as in orders.v1.Orders or orders.v1.Orders/GetOrder',
  );
const eventType = z
  .string()
  .regex(/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/, 'must be the type of an event, as in orders.created');

/** Terminal colours for the lines of an app. */
export const COLOURS = ['cyan', 'magenta', 'blue', 'green', 'red', 'white', 'gray'] as const;

/**
 * The declaration of an app, in `apps/NAME/app.json`: the only file that lists the app. `npm start`, compose, charts,
 * lint, the delivery proof and the benchmark derive from it.
 */
export const appDeclaration = z
  .strictObject({
    $schema: z.string().optional(),
    name: appName.meta({ description: 'Name of its folder, image, Helm release and durables' }),
    ports: z
      .strictObject({
        http: port.optional().meta({ description: 'PORT' }),
        grpc: port.optional().meta({ description: 'GRPC_PORT' }),
        management: port.meta({ description: 'MANAGEMENT_PORT: health and metrics' }),
      })
      .meta({ description: 'Default ports; no two in the workspace may be equal' }),
    database: z.boolean().meta({ description: 'Whether it owns a Postgres database, with migrations' }),
    tokens: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether it checks the bearer tokens of the OIDC issuer' }),
    serves: z.array(rpcService).meta({ description: 'gRPC services that it implements' }),
    calls: z.array(rpcCall).meta({
      description:
        'gRPC services of other apps, or single RPCs of them, that it calls: their servers refuse it all others',
    }),
    publishes: z.array(eventType).meta({
      description:
        'Types of events that it writes to its outbox; all begin with the same word, which names the stream',
    }),
    consumes: z.array(eventType).meta({ description: 'Types of events that it processes through its inbox' }),
    effect: z
      .string()
      .regex(
        /^\/[a-z][a-z0-9_]*\/\{orderId\}$/,
        'must be a path of its HTTP port, as in /shipments/{orderId}',
      )
      .optional()
      .meta({
        description:
          'Path that shows the effect of an order. Its first segment is also the name of a table in the database, with the columns order_id and events_applied',
      }),
    optional: z.boolean().default(false).meta({
      description:
        'Whether the system works without it: npm start, the delivery proof and the benchmark run it only when they are asked to',
    }),
    observes: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether it reads the metrics of all other apps, and may take their spans' }),
    colour: z
      .enum(COLOURS)
      .default('white')
      .meta({ description: 'Colour of its lines in the log of npm start' }),
  })
  .meta({ id: 'app', title: 'An app of this workspace' });

export type AppDeclaration = z.output<typeof appDeclaration>;
