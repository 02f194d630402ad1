import type { NodeConnectionOptions } from '@nats-io/transport-node';
import type { RenewedFile, TlsIdentity } from '@orders/service';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { NatsUrl } from './nats-url.js';

type TlsOption = NonNullable<NodeConnectionOptions['tls']>;

export interface NatsTlsOptions {
  readonly natsUrl: NatsUrl;
  readonly natsCaFile?: RenewedFile<string> | undefined;
  readonly identity: TlsIdentity | undefined;
  /** Called when the server has shown a certificate that is taken. */
  readonly onAccepted: () => void;
}

/** True when a server without TLS is refused. */
export function demandsTls({ natsUrl, natsCaFile }: Pick<NatsTlsOptions, 'natsUrl' | 'natsCaFile'>): boolean {
  return natsUrl.demandsTls || natsCaFile !== undefined;
}

/**
 * The client's option for TLS, which makes it demand TLS: `tls://` alone does not. It reads the certificates at each
 * connect, so that new ones are used. undefined = TLS when the server demands it, with the CAs of Node.
 */
export function tlsOption(options: NatsTlsOptions): TlsOption | undefined {
  const { natsUrl, natsCaFile, identity, onAccepted } = options;
  if (!demandsTls(options) && !identity) return undefined;
  const hosts = natsUrl.servers.map(hostOf);
  const option = {
    minVersion: 'TLSv1.3',
    get cert() {
      return identity?.current.cert;
    },
    get key() {
      return identity?.current.key;
    },
    get ca() {
      return natsCaFile?.current ?? identity?.current.ca;
    },
    checkServerIdentity: (name: string, certificate: PeerCertificate) => {
      const problem = identityProblem(name, certificate, hosts);
      if (!problem) onAccepted();
      return problem;
    },
  };
  // Its type has only some of the options that it hands on to node:tls.
  return option as TlsOption;
}

/**
 * Whether the certificate is that of the server. The client has no name for a server that NATS_URL gives by its IP
 * address: Node then checks "localhost", which is not what the operator wrote.
 *
 * @param name the name that Node would check
 * @param hosts those of NATS_URL
 */
function identityProblem(
  name: string,
  certificate: PeerCertificate,
  hosts: readonly string[],
): Error | undefined {
  const addresses = hosts.filter((host) => isIP(host));
  if (name !== 'localhost' || hosts.includes(name) || addresses.length === 0)
    return checkServerIdentity(name, certificate);
  const problems = addresses.map((address) => checkServerIdentity(address, certificate));
  return problems.includes(undefined) ? undefined : problems[0];
}

/** The host of `host:port`, without the brackets of IPv6. */
function hostOf(server: string): string {
  return server.slice(0, server.lastIndexOf(':')).replaceAll(/^\[|\]$/g, '');
}
