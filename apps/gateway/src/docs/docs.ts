import { fastify as createFastify, type FastifyInstance } from 'fastify';

// The page runs scripts and styles of its own from this origin, and reaches nothing else.
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** The page and what it loads: for people, and no part of the API. */
export const PAGES: readonly string[] = ['/docs', '/docs/', '/docs/js/scalar.js'];

/** `/openapi.json`, and a page that reads it at `/docs`. */
export function addDocs(fastify: FastifyInstance): void {
  const options = { config: { access: 'public' } } as const;
  let pages: Promise<FastifyInstance> | undefined;

  fastify.get('/openapi.json', options, async () => (await import('./openapi.js')).openApiDocument());
  for (const url of PAGES) {
    fastify.get(url, options, async (request, reply) => {
      pages ??= createPages();
      const answer = await (await pages).inject(url);
      const { location, 'content-type': type } = answer.headers;
      if (typeof location === 'string') return reply.redirect(location, answer.statusCode);
      return reply.header('content-security-policy', PAGE_POLICY).type(String(type)).send(answer.rawPayload);
    });
  }
}

/** The reference is a script of 5 MB inside a module: loaded for the first reader, not for every start. */
async function createPages(): Promise<FastifyInstance> {
  const { default: apiReference } = await import('@scalar/fastify-api-reference');
  const pages = createFastify();
  await pages.register(apiReference, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: 'Orders API',
      withDefaultFonts: false,
      telemetry: false,
    },
  });
  return pages;
}
