import { namesProxy } from '../bootstrap/environment.mjs';
import { painter } from './log-line.ts';
import { APPS } from './stack/declarations.ts';
import { natsServers, withoutPassword } from './stack/server-urls.ts';
import type { System } from './stack/system.ts';
import type { Tls } from './stack/tls-files.ts';

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
    ['Postgres', databases(postgres)],
    ...(tls ? [['psql needs', psqlVariables(tls)] as const] : []),
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

/** As psql takes them. */
function databases({ urlFor, server }: System['postgres']): string {
  const owners = APPS.filter(({ database }) => database);
  const urls = owners.map(({ name }) => withoutPassword(urlFor(name, 'owner'))).join('  ');
  return server ? `${urls}   (password: ${server.passwordFile})` : urls;
}

function psqlVariables({ cert, key, ca }: Tls): string {
  return `PGSSLROOTCERT=${ca} PGSSLCERT=${cert} PGSSLKEY=${key}`;
}

/** In a shell that names a proxy, curl would use it for this machine too. */
function curl(): string {
  return namesProxy(process.env) ? "curl --noproxy '*' -sS" : 'curl -sS';
}
