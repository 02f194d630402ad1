import { fastify as createFastify, type FastifyInstance } from 'fastify';

// The page may load scripts and styles from this origin only.
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** The paths of the page and its files; they are not part of the API document. */
export const PAGES: readonly string[] = ['/docs', '/docs/', '/docs/js/scalar.js'];

/** Serves `/openapi.json`, and at `/docs` a page that displays it. */
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

/** The page's script is a module of 5 MB: it is loaded on the first request, not at every start. */
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
      // Its vendor's buttons lead to other places.
      showDeveloperTools: 'never',
      hideClientButton: true,
      agent: { disabled: true },
      mcp: { disabled: true },
    },
  });
  return pages;
}
