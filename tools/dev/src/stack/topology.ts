import type { AppDeclaration } from './declarations.ts';
import type { Environments } from './environments.ts';
import { AUDIENCE } from './issuer.ts';
import type { SystemPorts } from './ports.ts';
import type { Tls } from './tls-files.ts';
import {
  addressVariable,
  type AppPorts,
  byName,
  calledBy,
  effectPath,
  isFront,
  observedAddresses,
  of,
  PORT_VARIABLES,
  usesNats,
} from './wiring.ts';

/** Name of a declared app. */
export type AppName = string;

const HOST = '127.0.0.1';

export interface Backing {
  /** URL of one app's database. */
  database: (name: AppName) => string;
  /** The same for the relay of an app that publishes. Default: as the app itself. */
  relayDatabase?: ((name: AppName) => string) | undefined;
  /** The same for operators at an app that consumes. Default: it settles no dead letters by inbox.v1. */
  operatorDatabase?: ((name: AppName) => string) | undefined;
  nats: string;
  issuer: { url: string; jwksUrl: string };
  /** The certificate files of one app. Default: plaintext. */
  tls?: ((name: AppName) => Tls) | undefined;
}

/** The environment of each app: the whole wiring of the system in one place. */
export function appEnvironments(
  apps: readonly AppDeclaration[],
  ports: SystemPorts,
  backing: Backing,
): Environments {
  return byName(apps, (app) => ({
    ...listening(of(ports.apps, app.name)),
    ...Object.fromEntries(
      calledBy(app, apps).map(({ name }) => [addressVariable(name), `${HOST}:${of(ports.apps, name).grpc}`]),
    ),
    ...(app.tokens && {
      OIDC_ISSUER: backing.issuer.url,
      OIDC_JWKS_URL: backing.issuer.jwksUrl,
      OIDC_AUDIENCE: AUDIENCE,
    }),
    ...(app.observes && observedAddresses(apps, ({ name }, port) => `${HOST}:${of(ports.apps, name)[port]}`)),
    ...(app.database && { DATABASE_URL: backing.database(app.name) }),
    ...(app.publishes.length > 0 &&
      backing.relayDatabase && { RELAY_DATABASE_URL: backing.relayDatabase(app.name) }),
    ...(isCalled(app, apps) &&
      app.consumes.length > 0 &&
      backing.operatorDatabase && { OPERATOR_DATABASE_URL: backing.operatorDatabase(app.name) }),
    ...(usesNats(app) && { NATS_URL: backing.nats }),
    ...(backing.tls && tlsVariables(backing.tls(app.name))),
  }));
}

/** Whether an app is there that calls it: nobody else settles its dead letters by inbox.v1. */
function isCalled(app: AppDeclaration, apps: readonly AppDeclaration[]): boolean {
  return apps.some((other) => calledBy(other, apps).includes(app));
}

/** The variables of an app's certificate. */
export function tlsVariables({ cert, key, ca }: Tls): Record<string, string> {
  return { TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CA_FILE: ca };
}

/** The part of an environment that differs between replicas: where each listens. */
export function listening(ports: AppPorts): Record<string, string> {
  const variables = Object.entries(PORT_VARIABLES).flatMap(([kind, variable]): [string, string][] => {
    const port = ports[kind as keyof AppPorts];
    return port === undefined ? [] : [[variable, String(port)]];
  });
  return Object.fromEntries<string>([['HOST', HOST], ...variables]);
}

/** The URLs of a system. */
export interface SystemUrls {
  api: string;
  docs: string;
  openapi: string;
  /** For each app with an effect, the URL that an order's id is appended to, after a slash. */
  effects: Record<AppName, string>;
  /** The page of the app that observes the others; undefined when none runs. */
  page?: string;
  /** Base URLs with /livez, /readyz, /startupz and /metrics. */
  management: Record<AppName, string>;
}

/** @throws when no app takes the requests of customers */
export function systemUrls(apps: readonly AppDeclaration[], ports: SystemPorts): SystemUrls {
  const front = apps.find(isFront);
  if (!front) throw new Error('no app takes requests with tokens');
  const http = ({ name }: AppDeclaration): string => `http://${HOST}:${of(ports.apps, name).http}`;
  const api = http(front);
  const observer = apps.find(({ observes }) => observes);
  return {
    api,
    docs: `${api}/docs`,
    openapi: `${api}/openapi.json`,
    ...(observer && { page: http(observer) }),
    effects: Object.fromEntries(
      apps.flatMap((app) => (app.effect ? [[app.name, `${http(app)}${effectPath(app.effect)}`]] : [])),
    ),
    management: byName(apps, ({ name }) => managementUrl(of(ports.apps, name))),
  };
}

/** Base URL of an app's management port. */
export function managementUrl({ management }: AppPorts): string {
  return `http://${HOST}:${management}`;
}
