import { namesProxy } from '../bootstrap/environment.mjs';
import { painter } from './log-line.ts';
import { APPS } from './stack/declarations.ts';
import { natsServers, withoutPassword } from './stack/server-urls.ts';
import type { System } from './stack/system.ts';
import type { Tls } from './stack/tls-files.ts';

const DATABASE_OWNERS = APPS.filter(({ database }) => database).map(({ name }) => name);

type Welcoming = Pick<System, 'urls' | 'nats' | 'postgres'>;

interface WelcomeTokens {
  /** Of a customer. */
  api: string;
  /** Of somebody who may use the page. */
  page: string;
}

/** The text of `npm start` once everything is ready: URLs, and two commands to paste. */
export function welcome(
  { urls, nats, postgres }: Welcoming,
  tokens: WelcomeTokens,
  colours: boolean,
): string {
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
  -H 'authorization: Bearer ${tokens.api}' \\
  -H 'content-type: application/json' \\
  -d '{"items":[{"sku":"apple","quantity":3,"priceCents":120}]}'

See its effect, with the id that came back in place of ORDER_ID:

${effects.map(([, url]) => `${curl()} ${url}`).join('\n')}
${urls.page === undefined ? '' : page(urls.page, tokens.page)}
Ctrl-C stops everything; the orders stay. The log:

`;
}

/** The token is in the fragment, which a browser sends to nobody; the page takes it out of the address. */
function page(url: string, token: string): string {
  return `
Where is order X, and what flows now? This page is signed in for 12 hours:

${url}/#token=${token}
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
