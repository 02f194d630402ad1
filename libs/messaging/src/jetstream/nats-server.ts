import type { ServerInfo } from '@nats-io/transport-node';

/** The oldest version that the platform works with. */
const OLDEST = '2.10';

/**
 * What makes a server useless for this platform, in one line that tells what to change; undefined when nothing does.
 * In a cluster another server may have JetStream.
 */
export function serverProblem({ version, jetstream, cluster }: ServerInfo): string | undefined {
  if (isOlderThan(version, OLDEST)) return `nats-server ${version} is too old: use ${OLDEST} or newer`;
  if (!jetstream && !cluster)
    return 'nats-server has no JetStream: enable it in its configuration (jetstream {})';
  return undefined;
}

/** Compares major and minor version: `2.10.27` is not older than `2.10`. */
export function isOlderThan(version: string, oldest: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}
