import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SpanRecord {
  service: string;
  name: string;
  /** OTLP: 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  traceId: string;
  spanId: string;
  /** '' = none. */
  parentSpanId: string;
  links: { traceId: string; spanId: string }[];
  /** Nanoseconds since 1970, as decimal text. */
  startTimeUnixNano: string;
  endTimeUnixNano: string;
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  /** Number of exports received. */
  readonly exports: number;
  /** All spans received as JSON. */
  readonly spans: readonly SpanRecord[];
  close(): void;
}

interface ExportRequest {
  resourceSpans?: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: Omit<SpanRecord, 'service'>[] }[];
  }[];
}

/**
 * Starts a collector of traces, OTLP over HTTP. With OTEL_EXPORTER_OTLP_PROTOCOL=http/json it keeps the spans and parses
 * them when they are read; with http/protobuf it counts the exports and drops them.
 */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: SpanRecord[] = [];
  const unread: Buffer[] = [];
  let exports = 0;
  const server = createServer((request, response) => {
    const type = request.headers['content-type'] ?? '';
    const keeps = request.url === '/v1/traces' && type.includes('json');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => keeps && chunks.push(chunk));
    request.on('end', () => {
      exports += 1;
      if (keeps) unread.push(Buffer.concat(chunks));
      response.writeHead(200, { 'content-type': type }).end(keeps ? '{}' : '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get exports() {
      return exports;
    },
    get spans() {
      for (const body of unread.splice(0)) spans.push(...read(body.toString()));
      return spans;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function read(text: string): SpanRecord[] {
  const { resourceSpans = [] } = JSON.parse(text) as ExportRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        service,
        parentSpanId: span.parentSpanId ?? '',
        links: span.links ?? [],
      })),
    );
  });
}
