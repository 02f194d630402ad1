import { namesProxy } from '../bootstrap/environment.mjs';
import { painter } from './log-line.ts';
import { natsServers, withoutPassword } from './stack/server-urls.ts';
import type { System } from './stack/system.ts';
import { DATABASES } from './stack/topology.ts';

type Welcoming = Pick<System, 'urls' | 'nats' | 'postgres'>;

/** What `npm start` says once everything is ready: where to look, and two commands to paste. */
export function welcome({ urls, nats, postgres }: Welcoming, token: string, colours: boolean): string {
  const paint = painter(colours);
  const row = (name: string, value: string): string => `  ${paint('bold', name.padEnd(12))}${value}`;
  const { management } = urls;
  return `
${paint('green', 'Ready.')}

${row('API', urls.api)}
${row('docs', `${urls.docs}   (${urls.openapi})`)}
${row('shipments', `${urls.shipments}/ORDER_ID`)}
${row(
  'metrics',
  Object.values(management)
    .map((base) => `${base}/metrics`)
    .join('  '),
)}
${row('health', '/livez /readyz /startupz on the same ports')}
${row('NATS', natsServers(nats.url).map(withoutPassword).join(','))}
${row('Postgres', databases(postgres))}

Make an order (the token is good for 12 hours; npm run --silent token prints a new one):

${curl()} ${urls.api}/orders \\
  -H 'authorization: Bearer ${token}' \\
  -H 'content-type: application/json' \\
  -d '{"items":[{"sku":"apple","quantity":3,"priceCents":120}]}'

See its effect, with the id that came back in place of ORDER_ID:

${curl()} ${urls.shipments}/ORDER_ID

Ctrl-C stops everything; the orders stay. The log:

`;
}

/** As psql takes them. */
function databases({ url, server }: System['postgres']): string {
  const urls = DATABASES.map((name) => withoutPassword(url(name))).join('  ');
  return server ? `${urls}   (password: ${server.passwordFile})` : urls;
}

/** In a shell that names a proxy it would be asked for this machine too. */
function curl(): string {
  return namesProxy(process.env) ? "curl --noproxy '*' -sS" : 'curl -sS';
}
