import { readEnvironments } from './stack/environments.ts';
import { portsFrom } from './stack/ports.ts';

/**
 * URL of the dev issuer: at ISSUER_PORT when it is set, else that of the system that runs in `dataDir`, else at its default
 * port.
 */
export function issuerUrl(env: NodeJS.ProcessEnv, dataDir: string): string {
  const running = env.ISSUER_PORT ? [] : Object.values(readEnvironments(dataDir) ?? {});
  const issuer = running.map(({ OIDC_ISSUER: url }) => url).find((url) => url !== undefined);
  return issuer ?? `http://127.0.0.1:${portsFrom(env).ports.issuer}`;
}
