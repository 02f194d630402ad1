// Loaded before everything else: node --import ./apps/<app>/dist/register.js apps/<app>/dist/main.js
// With tracing off nothing is imported here, which keeps start-up and memory as they are.
if (process.env['OTEL_EXPORTER_OTLP_ENDPOINT']) {
  const { startTracing } = await import('./tracing.js');
  startTracing();
}
