import { Problem } from '../bootstrap/problem.mjs';
import { runTool } from './command-line.ts';
import { issuerUrl } from './issuer-url.ts';
import { LOCAL } from './stack/paths.ts';
import { TOKEN, type TokenOptions } from './token-options.ts';

await runTool(TOKEN, main);

/** `npm run --silent token`: a bearer token of the running dev issuer, and nothing else, on stdout. */
async function main({ sub, scope }: TokenOptions): Promise<number> {
  process.stdout.write(`${await fetchToken(issuerUrl(process.env, LOCAL), sub, scope)}\n`);
  return 0;
}

async function fetchToken(issuer: string, sub: string, scope: string): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: sub, scope });
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(5000),
  }).catch(() => {
    throw new Problem(`No issuer at ${issuer}: run npm start first (ISSUER_PORT sets another port).`);
  });
  const { access_token: token } = (await response.json().catch(() => ({}))) as { access_token?: string };
  if (!response.ok || !token)
    throw new Problem(`${issuer} gave no token (HTTP ${response.status}): is it our issuer?`);
  return token;
}
