import { randomBytes } from 'node:crypto';
import { EVERY_APP } from './declarations.ts';
import type { Environments } from './environments.ts';

/** Environments in which every app sends all its spans to the one that observes, and that one takes them. */
export async function observed(environments: Environments): Promise<Environments> {
  const observer = EVERY_APP.find(({ observes, name }) => observes && environments[name]);
  if (!observer) return environments;
  const secret = randomBytes(24).toString('hex');
  const own = environments[observer.name] ?? {};
  const sending = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${own.HOST}:${own.PORT}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${secret}`,
    // The page is to show an order while one looks.
    OTEL_BSP_SCHEDULE_DELAY: '500',
  };
  const entries = Object.entries(environments).map(([name, environment]): [string, Record<string, string>] =>
    // It reads once a second, and each span that it made would be one more.
    name === observer.name
      ? [name, { ...own, SPANS_TOKEN: secret, LOG_LEVEL: 'warn', OTEL_EXPORTER_OTLP_ENDPOINT: '' }]
      : [name, { ...environment, ...sending }],
  );
  return Object.fromEntries(entries);
}
