import { scrape } from '@orders/instrumentation';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { answerLogLevel } from './log-level.js';
import type { HealthReport } from './readiness.js';

export interface ManagementProbes {
  /** Its level can be changed. */
  readonly logger: Pick<Logger, 'info' | 'level' | 'levels'>;
  isStarted(): boolean;
  readiness(): Promise<HealthReport>;
}

/**
 * Serves `/livez`, `/startupz`, `/readyz`, `/metrics` and `/log-level` on a port of its own, never on the public one. `/livez` checks
 * the event loop only, so that a failing dependency does not make Kubernetes restart the process.
 *
 * @throws when the port is taken or the process may not open it
 */
export async function openManagementServer(
  address: { host: string; port: number },
  probes: ManagementProbes,
): Promise<Server> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 3_000 }, (request, response) => {
    answer(request, response, probes).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  probes: ManagementProbes,
): Promise<void> {
  switch (request.url?.split('?', 1)[0]) {
    case '/livez':
      return sendReport(response, { status: 'ok', details: {} });
    case '/startupz':
      return sendReport(response, { status: probes.isStarted() ? 'ok' : 'error', details: {} });
    case '/readyz':
      return sendReport(response, await probes.readiness());
    case '/metrics':
      return sendMetrics(response, request.headers.accept);
    case '/log-level':
      return answerLogLevel(request, response, probes.logger);
    default:
      response.writeHead(404).end();
  }
}

async function sendMetrics(response: ServerResponse, accept: string | undefined): Promise<void> {
  const { contentType, body } = await scrape(accept);
  response.setHeader('content-type', contentType).setHeader('vary', 'accept').end(body);
}

function sendReport(response: ServerResponse, report: HealthReport): void {
  response.writeHead(report.status === 'ok' ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify(report));
}
