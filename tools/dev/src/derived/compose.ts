import type { AppDeclaration } from '../stack/declarations.ts';
import {
  addressVariable,
  calledBy,
  observedAddresses,
  PORT_VARIABLES,
  portsOf,
  usesNats,
} from '../stack/wiring.ts';

const MIGRATION = '-migrate';

/** The services of docker/compose.yaml that are ours: each app, and its migrations. */
export function composeServices(apps: readonly AppDeclaration[]): string {
  const services = apps.flatMap((app) => [appService(app, apps), ...(app.database ? [migration(app)] : [])]);
  return services.map((lines) => lines.map((line) => `  ${line}`).join('\n')).join('\n\n');
}

/** SQL that makes the database of each app. */
export function composeDatabases(apps: readonly AppDeclaration[]): string {
  const owners = apps.filter(({ database }) => database);
  const statements = owners.map(({ name }) => `      CREATE DATABASE "${name}";`);
  return ['  databases:', '    content: |', ...statements].join('\n');
}

function appService(app: AppDeclaration, apps: readonly AppDeclaration[]): string[] {
  const needs = [
    ...calledBy(app, apps).map(({ name }) => `${name}: { condition: service_healthy }`),
    ...(app.database ? [`${app.name}${MIGRATION}: { condition: service_completed_successfully }`] : []),
    ...(usesNats(app) ? ['nats: { condition: service_healthy }'] : []),
    ...(app.tokens ? ['issuer: { condition: service_started }'] : []),
  ];
  return [
    `${app.name}:`,
    '  <<: *app',
    ...(app.optional ? ['  profiles: [observe]'] : []),
    ...image(app),
    ...block('depends_on', needs),
    ...block('environment', environment(app, apps)),
    ...block(
      'ports',
      portsOf(app).map(({ variable, port }) => `- 127.0.0.1:\${${variable}:-${port}}:${port}`),
    ),
  ];
}

function migration(app: AppDeclaration): string[] {
  return [
    `${app.name}${MIGRATION}:`,
    '  <<: [*migration, *app]',
    ...image(app),
    ...block('depends_on', ['postgres: { condition: service_healthy }']),
    ...block('environment', [databaseUrl(app)]),
  ];
}

function image({ name }: AppDeclaration): string[] {
  return [
    `  image: orders-platform/${name}:dev`,
    `  build: { context: .., dockerfile: docker/Dockerfile, args: { APP: ${name} } }`,
  ];
}

function environment(app: AppDeclaration, apps: readonly AppDeclaration[]): string[] {
  return [
    ...portsOf(app).map(({ kind, port }) => `${PORT_VARIABLES[kind]}: ${port}`),
    ...calledBy(app, apps).map(({ name, ports }) => `${addressVariable(name)}: ${name}:${ports.grpc}`),
    ...(app.observes ? observed(apps) : []),
    ...(app.tokens ? OIDC : []),
    ...(app.database ? [databaseUrl(app)] : []),
    ...(usesNats(app) ? ['NATS_URL: nats://nats:4222'] : []),
    'SHUTDOWN_WAIT_MS: 0',
  ];
}

function observed(apps: readonly AppDeclaration[]): string[] {
  const addresses = observedAddresses(apps, ({ name, ports }, port) => `${name}:${ports[port]}`);
  return Object.entries(addresses).map(([variable, value]) => `${variable}: ${value}`);
}

const OIDC = [
  '# The issuer as tokens name it, reached from outside; and its keys, reached from the app.',
  'OIDC_ISSUER: http://127.0.0.1:${ISSUER_PORT:-3003}/orders',
  'OIDC_JWKS_URL: http://issuer:3003/orders/jwks',
  "OIDC_ALLOW_HTTP: 'true'",
  'OIDC_AUDIENCE: orders-api',
];

function databaseUrl({ name }: AppDeclaration): string {
  return `DATABASE_URL: postgres://postgres:postgres@postgres:5432/${name}`;
}

function block(key: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${key}:`, ...lines.map((line) => `    ${line}`)];
}
