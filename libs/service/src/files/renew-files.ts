import { observe } from '@orders/instrumentation';
import { METRICS } from '../metric-definitions.js';
import type { Service } from '../service.js';
import { RenewedFile } from './renewed-file.js';

/**
 * Renews each {@link RenewedFile} of a config until the service stops. Content that cannot be used is logged once.
 *
 * Metric: `file_refused`, by the variable that names the file.
 *
 * @param config its values, and their properties, may be such files
 */
export function renewFiles(config: object, service: Pick<Service, 'logger' | 'onStop'>): void {
  const files = Object.values(config)
    .flatMap((value: unknown) => [value, ...Object.values(Object(value) as Record<string, unknown>)])
    .filter((value) => value instanceof RenewedFile);
  const stopped = new AbortController();
  service.onStop('connections', 'files', () => Promise.resolve(stopped.abort()));
  for (const file of files) void file.renew(service.logger, stopped.signal);
  observe([METRICS.fileRefused], (set) => {
    for (const { variable, refused } of files) set(METRICS.fileRefused, refused === '' ? 0 : 1, { variable });
  });
}
