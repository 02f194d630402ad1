import { namesProxy } from '../bootstrap/environment.mjs';
import { painter } from './log-line.ts';
import { APPS } from './stack/declarations.ts';
import { natsServers, withoutPassword } from './stack/server-urls.ts';
import type { System } from './stack/system.ts';
import type { Tls } from './stack/tls-files.ts';

const DATABASE_OWNERS = APPS.filter(({ database }) => database).map(({ name }) => name);

type Welcoming = Pick<System, 'urls' | 'nats' | 'postgres'>;

/** The text of `npm start` once everything is ready: URLs, and two commands to paste. */
export function welcome({ urls, nats, postgres }: Welcoming, token: string, colours: boolean): string {
  const paint = painter(colours);
  const { tls } = nats.access;
  const effects = Object.entries(urls.effects).map(([app, url]) => [app, `${url}/ORDER_ID`] as const);
  const rows = [
    ['API', urls.api],
    ['docs', `${urls.docs}   (${urls.openapi})`],
    ...effects,
    [
      'metrics',
      Object.values(urls.management)
        .map((base) => `${base}/metrics`)
        .join('  '),
    ],
    ['health', '/livez /readyz /startupz on the same ports'],
    ['NATS', natsServers(nats.url).map(withoutPassword).join(',')],
    ['Postgres', DATABASE_OWNERS.map((name) => withoutPassword(postgres.urlFor(name, 'owner'))).join('  ')],
    ['to look by psql', psql(postgres, tls)],
    ['to look by nats', natsCommand(nats.url, tls)],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length)) + 3;
  return `
${paint('green', 'Ready.')}

${rows.map(([name, value]) => `  ${paint('bold', name.padEnd(width))}${value}`).join('\n')}

Make an order (the token is good for 12 hours; npm run --silent token prints a new one):

${curl()} ${urls.api}/orders \\
  -H 'authorization: Bearer ${token}' \\
  -H 'content-type: application/json' \\
  -d '{"items":[{"sku":"apple","quantity":3,"priceCents":120}]}'

See its effect, with the id that came back in place of ORDER_ID:

${effects.map(([, url]) => `${curl()} ${url}`).join('\n')}

Ctrl-C stops everything; the orders stay. The log:

`;
}

/** A command for the database of the first app that has one. */
function psql({ urlFor, server }: System['postgres'], tls: Tls | undefined): string {
  const password = server && `PGPASSWORD=$(cat ${server.passwordFile})`;
  const certificate = tls && `PGSSLROOTCERT=${tls.ca} PGSSLCERT=${tls.cert} PGSSLKEY=${tls.key}`;
  const urls = DATABASE_OWNERS.map((name) => `'${withoutPassword(urlFor(name, 'owner'))}'`);
  return [password, certificate, 'psql', urls[0]].filter(Boolean).join(' ');
}

/** A command of NATS's own CLI that shows the events. */
function natsCommand(url: string, tls: Tls | undefined): string {
  const certificate = tls && `--tlsca ${tls.ca} --tlscert ${tls.cert} --tlskey ${tls.key}`;
  const server = natsServers(url).map(withoutPassword).join(',');
  return ['nats --server', server, certificate, 'stream view ORDERS'].filter(Boolean).join(' ');
}

/** In a shell that names a proxy, curl would use it for this machine too. */
function curl(): string {
  return namesProxy(process.env) ? "curl --noproxy '*' -sS" : 'curl -sS';
}
