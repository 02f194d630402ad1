import { createHmac } from 'node:crypto';
import { Client } from 'pg';

/** For whom a URL of an app's database is: `owner` runs the migrations; the others have what these grant them. */
export type DatabaseUser = 'owner' | 'app' | 'relay' | 'operator';

/** As the migrations of an app expect them: groups, and each login is a member of one. */
const GROUPS = ['app', 'relay', 'operator', 'readonly'] as const;

/**
 * Makes the roles of these apps, each with a login. Its password follows from that of the superuser: whoever knows the
 * former does not know the latter.
 *
 * @param url of the server, as superuser
 */
export async function ensureRoles(url: string, apps: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const names = apps.flatMap((app) => GROUPS.map((group) => `${app}_${group}`));
    for (const name of names) {
      const login = loginOf(name);
      await createRole(client, name, 'NOLOGIN');
      await createRole(client, login, `LOGIN IN ROLE ${client.escapeIdentifier(name)}`);
      const password = client.escapeLiteral(passwordOf(login, new URL(url).password));
      await client.query(`ALTER ROLE ${client.escapeIdentifier(login)} PASSWORD ${password}`);
    }
  } finally {
    await client.end();
  }
}

/** @param url of an app's database, as superuser */
export function asUser(url: string, app: string, user: DatabaseUser): string {
  if (user === 'owner') return url;
  const login = loginOf(`${app}_${user}`);
  const { password } = new URL(url);
  return Object.assign(new URL(url), { username: login, password: passwordOf(login, password) }).href;
}

function loginOf(role: string): string {
  return `${role}_login`;
}

function passwordOf(login: string, secret: string): string {
  return createHmac('sha256', secret).update(login).digest('hex');
}

async function createRole(client: Client, name: string, attributes: string): Promise<void> {
  const found = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  if (found.rowCount === 0) await client.query(`CREATE ROLE ${client.escapeIdentifier(name)} ${attributes}`);
}
