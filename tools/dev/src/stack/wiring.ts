import type { AppDeclaration } from '@orders/contracts/declaration';

export type PortName = keyof AppPorts;

/** The variables that tell an app where to listen. */
export const PORT_VARIABLES = {
  http: 'PORT',
  grpc: 'GRPC_PORT',
  management: 'MANAGEMENT_PORT',
} as const satisfies Record<PortName, string>;

/** Where one app listens. */
export type AppPorts = AppDeclaration['ports'];

export interface DeclaredPort {
  kind: PortName;
  /** For messages: "orders gRPC". */
  what: string;
  /** The default. */
  port: number;
  /** What changes it in `npm start` and compose, e.g. ORDERS_GRPC_PORT. */
  variable: string;
}

/** The dev issuer is no app. */
export const ISSUER = { what: 'dev issuer', variable: 'ISSUER_PORT', port: 3003 } as const;

/** Every port of an app: http, grpc, management, as far as it has them. */
export function portsOf({ name, ports }: AppDeclaration): DeclaredPort[] {
  const whats = { http: name, grpc: `${name} gRPC`, management: `${name} management` };
  return (['http', 'grpc', 'management'] as const).flatMap((kind) => {
    const port = ports[kind];
    const variable = variableOf(name, PORT_VARIABLES[kind]);
    return port === undefined ? [] : [{ kind, what: whats[kind], port, variable }];
  });
}

/** The variable that tells a caller the host:port of an app's gRPC server: ORDERS_ADDRESS. */
export function addressVariable(name: string): string {
  return variableOf(name, 'ADDRESS');
}

/** The gRPC service of something that an app calls: a service, or `service/RPC`. */
export function serviceOf(call: string): string {
  return call.split('/', 1)[0] ?? '';
}

/** The apps that serve what this one calls. */
export function calledBy(app: AppDeclaration, apps: readonly AppDeclaration[]): AppDeclaration[] {
  const called = app.calls.map(serviceOf);
  return apps.filter(({ serves }) => serves.some((service) => called.includes(service)));
}

/** Whether it publishes or consumes events. */
export function usesNats({ publishes, consumes }: AppDeclaration): boolean {
  return publishes.length + consumes.length > 0;
}

/** Whether it takes the requests of customers. */
export function isFront({ tokens, observes, ports }: AppDeclaration): boolean {
  return tokens && !observes && ports.http !== undefined;
}

/**
 * What an app that observes is told of the others: where their metrics and their effects are, each as
 * `gateway=HOST:PORT,orders=HOST:PORT`.
 */
export function observedAddresses(
  apps: readonly AppDeclaration[],
  addressOf: (app: AppDeclaration, port: 'http' | 'management') => string,
): Record<string, string> {
  const observed = apps.filter(({ observes }) => !observes);
  const list = (some: readonly AppDeclaration[], port: 'http' | 'management'): string =>
    some.map((app) => `${app.name}=${addressOf(app, port)}`).join(',');
  return {
    MANAGEMENT_ADDRESSES: list(observed, 'management'),
    EFFECT_ADDRESSES: list(
      observed.filter(({ effect }) => effect),
      'http',
    ),
  };
}

/** The path of an effect without the order, `/shipments`; its name without the slash is the table that counts it. */
export function effectPath(effect: string): string {
  return effect.replace('/{orderId}', '');
}

/** One value for each app, by its name. */
export function byName<T>(
  apps: readonly AppDeclaration[],
  value: (app: AppDeclaration) => T,
): Record<string, T> {
  return Object.fromEntries(apps.map((app) => [app.name, value(app)]));
}

/** The value of one app. @throws when there is no such app */
export function of<T>(values: Record<string, T>, app: string): T {
  const value = Object.hasOwn(values, app) ? values[app] : undefined;
  if (value === undefined) throw new Error(`no app ${app}: one of ${Object.keys(values).join(', ')}`);
  return value;
}

function variableOf(app: string, suffix: string): string {
  return `${app.toUpperCase().replaceAll('-', '_')}_${suffix}`;
}
