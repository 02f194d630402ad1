import { streamOf } from '@orders/contracts/streams';
import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { calledBy, effectPath, isFront, PORT_VARIABLES, usesNats } from '@orders/dev/stack/wiring';

/** What the chart of an app knows from the declarations, as helm/service/templates/_manifests.tpl describes it. */
export interface ChartFacts {
  ports: { name: string; number: number; appProtocol: string; variable: string; servicePort?: number }[];
  headless: boolean;
  managementPort: number;
  secrets: string[];
  migrates: boolean;
  provisions?: string[];
  front: boolean;
  tested: boolean;
  calledBy: string[];
  calls: { app: string; port: number }[];
  nats: boolean;
  tokens: boolean;
  durables: { stream: string; consumer: string }[];
  effects: { app: string; path: string }[];
}

/** Keys of an app's Secret that it may lack. */
export const OPTIONAL_SECRETS = [
  ...[
    'DIRECT_DATABASE_URL',
    'RELAY_DATABASE_URL',
    'OPERATOR_DATABASE_URL',
    'NATS_USER',
    'NATS_PASSWORD',
    'NATS_TOKEN',
  ],
];

export function factsOf(app: AppDeclaration, apps: readonly AppDeclaration[]): ChartFacts {
  const provisions = provisioned(app);
  return {
    ports: servicePorts(app),
    // A headless Service has no port but those of the pods: HTTP would not be at 80.
    headless: app.ports.grpc !== undefined && app.ports.http === undefined,
    managementPort: app.ports.management,
    secrets: secretsOf(app),
    migrates: app.database,
    ...(provisions && { provisions }),
    front: isFront(app),
    tested: app.effect !== undefined,
    calledBy: apps.filter((other) => calledBy(other, apps).includes(app)).map(({ name }) => name),
    calls: calledBy(app, apps).map(({ name, ports }) => ({ app: name, port: ports.grpc ?? 0 })),
    nats: usesNats(app),
    tokens: app.tokens,
    durables: streamsOf(app.consumes).map((stream) => ({ stream, consumer: app.name })),
    effects: isFront(app) ? effectsOf(apps) : [],
  };
}

function servicePorts({ ports: { http, grpc } }: AppDeclaration): ChartFacts['ports'] {
  const { http: httpVariable, grpc: grpcVariable } = PORT_VARIABLES;
  return [
    ...(http === undefined
      ? []
      : [{ name: 'http', number: http, appProtocol: 'http', variable: httpVariable, servicePort: 80 }]),
    ...(grpc === undefined
      ? []
      : [{ name: 'grpc', number: grpc, appProtocol: 'kubernetes.io/h2c', variable: grpcVariable }]),
  ];
}

function secretsOf(app: AppDeclaration): string[] {
  const relay = app.publishes.length > 0 ? ['RELAY_DATABASE_URL'] : [];
  const operator = app.consumes.length > 0 ? ['OPERATOR_DATABASE_URL'] : [];
  return [
    ...(app.database ? ['DATABASE_URL', 'DIRECT_DATABASE_URL', ...relay, ...operator] : []),
    ...(usesNats(app) ? ['NATS_URL', 'NATS_USER', 'NATS_PASSWORD', 'NATS_TOKEN'] : []),
  ];
}

function provisioned({ publishes, consumes }: AppDeclaration): string[] | undefined {
  if (publishes.length > 0) return ['stream', 'apply'];
  return consumes.length > 0 ? ['consumer', 'apply'] : undefined;
}

function streamsOf(types: readonly string[]): string[] {
  return [...new Set(types.map((type) => streamOf(type).name))];
}

function effectsOf(apps: readonly AppDeclaration[]): ChartFacts['effects'] {
  return apps.flatMap(({ name, effect }) => (effect ? [{ app: name, path: effectPath(effect) }] : []));
}
