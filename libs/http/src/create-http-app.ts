import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { HttpAppOptions } from './http-app.js';

/**
 * Makes a Nest application on Fastify with what all our public ports share:
 *
 * - bodies of at most 64 KiB, in strict JSON, and timeouts for slow senders;
 * - validation by the zod schema of `@Body({ schema })`, `@Query({ schema })` and `@Param({ schema })`;
 * - problem+json for every error;
 * - a request context, one metric and one log line a request;
 * - a stop within the service's time limits, registered with the service.
 *
 * Call `app.listen(port, host)` afterwards. Handlers must be added to Fastify before that.
 */
export async function createHttpApp(options: HttpAppOptions): Promise<NestFastifyApplication> {
  // Imported here, because Fastify costs 50 MiB and some processes have no HTTP port.
  const { buildHttpApp } = await import('./http-app.js');
  return buildHttpApp(options);
}
