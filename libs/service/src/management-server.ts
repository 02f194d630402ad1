import { metricsText } from '@orders/instrumentation';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { HealthReport } from './readiness.js';

export interface ManagementProbes {
  isStarted(): boolean;
  readiness(): Promise<HealthReport>;
}

/**
 * Serves `/livez`, `/startupz`, `/readyz` and `/metrics` on a port of its own, never on the public one. `/livez` checks
 * the event loop only, so that a failing dependency does not make Kubernetes restart the process.
 *
 * @throws when the port is taken or the process may not open it
 */
export async function openManagementServer(
  address: { host: string; port: number },
  probes: ManagementProbes,
): Promise<Server> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 3_000 }, (request, response) => {
    answer(request.url ?? '', response, probes).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return server;
}

async function answer(url: string, response: ServerResponse, probes: ManagementProbes): Promise<void> {
  switch (url.split('?', 1)[0]) {
    case '/livez':
      return sendReport(response, { status: 'ok', details: {} });
    case '/startupz':
      return sendReport(response, { status: probes.isStarted() ? 'ok' : 'error', details: {} });
    case '/readyz':
      return sendReport(response, await probes.readiness());
    case '/metrics':
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
      response.end(await metricsText());
      return;
    default:
      response.writeHead(404).end();
  }
}

function sendReport(response: ServerResponse, report: HealthReport): void {
  response.writeHead(report.status === 'ok' ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify(report));
}
