#!/usr/bin/env bash
# With http_proxy in its environment, OpenTelemetry's exporter by gRPC sends spans through that proxy, also to a collector
# on the same machine; its exporter by HTTP ignores the variable. The options of the exporter by gRPC cannot turn it off.
# The variable no_grpc_proxy of grpc-js can, for all hosts: with a comma alone, which is a list that matches everything.
#
# Seen on 2026-11-30: @opentelemetry/exporter-trace-otlp-grpc and -proto 0.300.0, @grpc/grpc-js 1.14.7, Node 24.21.0.
#   grpc                    the proxy is connected to, with CONNECT
#   http/protobuf           the collector is connected to
#   grpc, no_grpc_proxy=,   the collector is connected to
#
# Fails when that changes. Needs Node 20 or newer and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm init -y >/dev/null
npm install --silent --no-audit --no-fund @opentelemetry/exporter-trace-otlp-grpc@0.300.0 \
  @opentelemetry/exporter-trace-otlp-proto@0.300.0 @opentelemetry/sdk-trace@3.0.0 @grpc/grpc-js@1.14.7

cat >try.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:net';
const listen = async () => {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};
const [collector, proxy] = [await listen(), await listen()];
const at = (server) => `http://127.0.0.1:${server.address().port}`;
process.env.http_proxy = at(proxy);
const protocol = process.argv[2];
const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${protocol}`);
const { TracerProvider, SimpleSpanProcessor } = await import('@opentelemetry/sdk-trace');
const url = protocol === 'grpc' ? at(collector) : `${at(collector)}/v1/traces`;
const exporter = new OTLPTraceExporter({ url, timeoutMillis: 2_000 });
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
provider.getTracer('try').startSpan('span').end();
const first = await Promise.race([
  once(collector, 'connection').then(() => 'collector'),
  once(proxy, 'connection').then(([socket]) => once(socket, 'data')).then(([data]) => `proxy, ${data.toString().split(' ')[0]}`),
  new Promise((resolve) => setTimeout(resolve, 10_000, 'nobody')),
]);
console.log(first);
process.exit();
JS
seen=$(
  echo "grpc: $(node try.mjs grpc)"
  echo "proto: $(node try.mjs proto)"
  echo "grpc without proxy: $(no_grpc_proxy=, node try.mjs grpc)"
)
echo "$seen"
wanted='grpc: proxy, CONNECT
proto: collector
grpc without proxy: collector'
[[ "$seen" == "$wanted" ]] || { echo "it behaves otherwise now"; exit 1; }
