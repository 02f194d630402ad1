import type { FastifyInstance } from 'fastify';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface PageOptions {
  /** The folder with the files of the page, `index.html` among them. */
  folder: string;
  /** Where people sign in; undefined when the page asks for a token. */
  issuer: string | undefined;
}

/** Serves the page at `/`, and its files beside it. The files are read once, at the start. */
export async function addPage(fastify: FastifyInstance, { folder, issuer }: PageOptions): Promise<void> {
  const policy = policyFor(issuer);
  for (const file of await readdir(folder)) {
    const type = TYPES[extname(file)];
    if (type === undefined) continue;
    const content = await readFile(join(folder, file));
    fastify.get(
      file === 'index.html' ? '/' : `/${file}`,
      { config: { access: 'public' } },
      async (_, reply) => reply.header('content-security-policy', policy).type(type).send(content),
    );
  }
}

/** Nothing is loaded from elsewhere. The page asks the issuer alone for something, when it signs people in. */
function policyFor(issuer: string | undefined): string {
  const others = issuer === undefined ? '' : ` ${new URL(issuer).origin}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self'${others}`,
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
  ].join('; ');
}
