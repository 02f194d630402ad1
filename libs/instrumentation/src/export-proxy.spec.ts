import { afterEach, expect, it, jest } from '@jest/globals';
import { context, propagation, trace } from '@opentelemetry/api';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const VARIABLES = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_TIMEOUT',
  'OTEL_NODE_ENABLED_INSTRUMENTATIONS',
  'http_proxy',
  'https_proxy',
  'grpc_proxy',
  'no_grpc_proxy',
];

const listeners: { server: Server; sockets: Socket[] }[] = [];
afterEach(async () => {
  for (const api of [trace, context, propagation]) api.disable();
  for (const name of VARIABLES) delete process.env[name];
  for (const { server, sockets } of listeners.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A listener that keeps what comes in and never answers. */
async function listen() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined).resume()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  listeners.push({ server, sockets });
  return { server, sockets, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

// By gRPC they went to the proxy.
it.each(['http/protobuf', 'grpc'])(
  'spans go to the collector by %s, not to a proxy of the environment',
  async (protocol) => {
    const [collector, proxy] = await Promise.all([listen(), listen()]);
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.url;
    process.env['OTEL_EXPORTER_OTLP_PROTOCOL'] = protocol;
    // After it the export, which nobody answers, is given up.
    process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '300';
    // It patches no package, which Jest would not let it.
    process.env['OTEL_NODE_ENABLED_INSTRUMENTATIONS'] = 'undici';
    for (const name of ['http_proxy', 'https_proxy', 'grpc_proxy']) process.env[name] = proxy.url;
    jest.resetModules();
    await import('./register.js');
    const { endSpan, flushTelemetry, startServerSpan } = await import('./index.js');
    endSpan(startServerSpan('GET', undefined), { attributes: {}, failed: false });
    const reached = Promise.race([
      once(collector.server, 'connection').then(() => 'the collector'),
      once(proxy.server, 'connection').then(() => 'the proxy'),
    ]);
    const flushed = flushTelemetry();
    expect(await reached).toBe('the collector');
    await flushed;
    expect(proxy.sockets).toEqual([]);
  },
);
