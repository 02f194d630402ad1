import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import type { Logger } from 'pino';

/** A target of gRPC that is looked up in DNS, and its host. */
const DNS_TARGET = /^(?:dns:(?:\/{2}[^/]*\/)?)?([^:/]+)(?::\d+)?$/;

/**
 * Warns when a name stands for one address: a proxy, or a Service of Kubernetes with an address of its own (ClusterIP),
 * balances connections and not calls, so that one replica gets all calls of a connection. Says nothing of addresses, or
 * when DNS does not answer.
 */
export async function warnOfOneAddress(
  target: string,
  { upstream, logger }: { upstream: string; logger: Logger },
): Promise<void> {
  const host = DNS_TARGET.exec(target)?.[1];
  if (host === undefined || isIP(host) !== 0) return;
  const addresses = await dns.lookup(host, { all: true }).catch(() => []);
  if (addresses.length !== 1) return;
  logger.warn(
    { upstream, host, address: addresses[0]?.address },
    'one address serves all calls: with more than one replica use a headless Service, or a target with each address',
  );
}
