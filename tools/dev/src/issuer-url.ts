import { readEnvironments } from './stack/environments.ts';
import { portsFrom } from './stack/ports.ts';

/**
 * Where the dev issuer answers: at ISSUER_PORT when it is set, else where the system that runs in `dataDir` has it, else at
 * its default port.
 */
export function issuerUrl(env: NodeJS.ProcessEnv, dataDir: string): string {
  const running = env.ISSUER_PORT ? [] : Object.values(readEnvironments(dataDir) ?? {});
  const told = running.map(({ OIDC_ISSUER: url }) => url).find((url) => url !== undefined);
  return told ?? `http://127.0.0.1:${portsFrom(env).ports.issuer}`;
}
