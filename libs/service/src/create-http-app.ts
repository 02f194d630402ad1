import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import type { HttpAppOptions } from './http-app.js';

/**
 * A Nest application on Fastify with everything that our public ports share: bodies of 64 KiB at most, time-outs,
 * strict JSON, problem+json for every error, validation by the zod schema of `@Body({ schema })` and its like, request
 * context, one metric and one log line a request, and a stop that ends (registered with the service). To be followed
 * by `app.listen(port, host)`; handlers that are added to Fastify itself must be there before.
 *
 * @param module the root module of the app
 */
export async function createHttpApp(
  module: unknown,
  options: HttpAppOptions,
): Promise<NestFastifyApplication> {
  // Fastify costs 50 MiB that a process without an HTTP port need not pay.
  const { buildHttpApp } = await import('./http-app.js');
  return buildHttpApp(module, options);
}
