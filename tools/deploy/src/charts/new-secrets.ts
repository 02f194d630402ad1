import { randomBytes } from 'node:crypto';
import { natsUsers, PROVISIONER } from '@orders/contracts/nats-users';
import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { usesNats } from '@orders/dev/stack/wiring';
import { NATS_PASSWORDS, passwordVariable, withSecrets } from './engine-values.ts';

interface Secret {
  apiVersion: 'v1';
  kind: 'Secret';
  type?: 'kubernetes.io/basic-auth';
  metadata: { name: string };
  stringData: Record<string, string>;
}

/**
 * New Secrets for the engines beside our charts, with random passwords: the logins of each database, the users of NATS, and
 * the Secret of each app, of its migrations and of the provisioner.
 */
export function newSecrets(apps: readonly AppDeclaration[]): Secret[] {
  const passwords = Object.fromEntries(
    natsUsers(apps).map(({ name }) => [passwordVariable(name), password()]),
  );
  const natsOf = (user: string) => ({
    NATS_URL: 'nats://nats:4222',
    NATS_USER: user,
    NATS_PASSWORD: passwords[passwordVariable(user)] ?? '',
  });
  const ofApps = withSecrets(apps).flatMap((app) => {
    const database = app.database ? databaseSecrets(app.name) : { secrets: [], variables: {} };
    const nats = usesNats(app) ? natsOf(app.name) : {};
    return [...database.secrets, secret(app.name, { ...database.variables, ...nats })];
  });
  return [...ofApps, secret(PROVISIONER, natsOf(PROVISIONER)), secret(NATS_PASSWORDS, passwords)];
}

/** As the Cluster and the Pooler of the app are named. */
function databaseSecrets(app: string) {
  const [owner, login] = [`${app}_owner`, `${app}_login`].map((username) => ({
    username,
    password: password(),
  })) as [Login, Login];
  const direct = (user: Login) => urlOf(user, `${app}-db-rw`, app);
  return {
    secrets: [
      loginSecret(`${app}-db-owner`, owner),
      loginSecret(`${app}-db-login`, login),
      secret(`${app}-owner`, { DATABASE_URL: direct(owner) }),
    ],
    variables: { DATABASE_URL: urlOf(login, `${app}-db-pooler`, app), DIRECT_DATABASE_URL: direct(login) },
  };
}

interface Login {
  username: string;
  password: string;
}

function urlOf({ username, password: secretText }: Login, host: string, database: string): string {
  return `postgres://${username}:${secretText}@${host}:5432/${database}?sslmode=require`;
}

function loginSecret(name: string, login: Login): Secret {
  return { ...secret(name, { ...login }), type: 'kubernetes.io/basic-auth' };
}

function secret(name: string, stringData: Record<string, string>): Secret {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
}

/** 192 bits, of characters that are the same in a URL; it begins with a letter, as nats-server reads digits as a number. */
function password(): string {
  return `p${randomBytes(24).toString('hex')}`;
}
