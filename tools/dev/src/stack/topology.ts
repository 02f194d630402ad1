import { AUDIENCE } from './issuer.ts';
import type { SystemPorts } from './ports.ts';

/** The apps, in the order they stop: those that take requests first. */
export const APP_NAMES = ['gateway', 'orders', 'fulfillment'] as const;
export type AppName = (typeof APP_NAMES)[number];

/** Apps that own a database, and migrations for it. */
export const DATABASES = ['orders', 'fulfillment'] as const;
export type DatabaseName = (typeof DATABASES)[number];

const HOST = '127.0.0.1';

export interface Backing {
  /** URL of one app's database. */
  database: (name: DatabaseName) => string;
  nats: string;
  issuer: { url: string; jwksUrl: string };
}

/** What each app is told through its environment: the whole wiring of the system in one place. */
export function appEnvironments(
  ports: SystemPorts,
  backing: Backing,
): Record<AppName, Record<string, string>> {
  const own = listening(ports);
  return {
    gateway: {
      ...own.gateway,
      ORDERS_ADDRESS: `${HOST}:${ports.orders}`,
      OIDC_ISSUER: backing.issuer.url,
      OIDC_JWKS_URL: backing.issuer.jwksUrl,
      OIDC_AUDIENCE: AUDIENCE,
    },
    orders: {
      ...own.orders,
      STORAGE: 'postgres',
      DATABASE_URL: backing.database('orders'),
      NATS_URL: backing.nats,
    },
    fulfillment: {
      ...own.fulfillment,
      DATABASE_URL: backing.database('fulfillment'),
      NATS_URL: backing.nats,
    },
  };
}

/** The part of it that differs between replicas: where each listens. */
export function listening(ports: SystemPorts): Record<AppName, Record<string, string>> {
  return {
    gateway: { HOST, PORT: String(ports.gateway), MANAGEMENT_PORT: String(ports.gatewayManagement) },
    orders: { HOST, GRPC_PORT: String(ports.orders), MANAGEMENT_PORT: String(ports.ordersManagement) },
    fulfillment: {
      HOST,
      PORT: String(ports.fulfillment),
      MANAGEMENT_PORT: String(ports.fulfillmentManagement),
    },
  };
}

/** Where everything answers. */
export function systemUrls(ports: SystemPorts) {
  const api = `http://${HOST}:${ports.gateway}`;
  return {
    api,
    docs: `${api}/docs`,
    openapi: `${api}/openapi.json`,
    shipments: `http://${HOST}:${ports.fulfillment}/shipments`,
    issuer: `http://${HOST}:${ports.issuer}`,
    /** host:port of orders' gRPC. */
    grpc: `${HOST}:${ports.orders}`,
    /** Base URLs with /livez, /readyz, /startupz and /metrics. */
    management: {
      gateway: `http://${HOST}:${ports.gatewayManagement}`,
      orders: `http://${HOST}:${ports.ordersManagement}`,
      fulfillment: `http://${HOST}:${ports.fulfillmentManagement}`,
    } satisfies Record<AppName, string>,
  };
}
