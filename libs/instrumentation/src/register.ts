// Loaded before everything else: node --import ./apps/<app>/dist/register.js apps/<app>/dist/main.js
// Imports nothing when tracing is off, so that start-up time and memory stay the same.
if (process.env['OTEL_EXPORTER_OTLP_ENDPOINT']) {
  // Exports by gRPC would go through a proxy of the environment. This list has the empty name, the end of every host.
  process.env['no_grpc_proxy'] = ',';
  const { startTracing } = await import('./tracing.js');
  startTracing(process.env);
}
