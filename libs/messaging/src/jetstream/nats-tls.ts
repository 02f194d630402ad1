import type { NodeConnectionOptions } from '@nats-io/transport-node';
import type { RenewedFile, TlsIdentity, TlsMaterial } from '@orders/service';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { NatsUrl } from './nats-url.js';

type TlsOption = NonNullable<NodeConnectionOptions['tls']>;

export interface NatsTlsOptions {
  readonly natsUrl: NatsUrl;
  readonly natsCaFile?: RenewedFile<string> | undefined;
}

/** The last TLS handshake of one connection, which may have several: it reconnects. */
export class Handshake {
  private material: TlsMaterial | undefined;
  private validUntil: number | undefined;

  constructor(private readonly identity: TlsIdentity | undefined) {}

  /** Whether the server has shown a certificate that is taken. */
  get isAccepted(): boolean {
    return this.validUntil !== undefined;
  }

  /**
   * Whether the process has other certificates since, or one of either end has expired since. One that had expired before,
   * and was taken, is no news.
   */
  get isOutdated(): boolean {
    if (this.validUntil === undefined) return false;
    return this.material !== this.identity?.current || this.validUntil < Date.now();
  }

  /** @returns what the client shows and trusts */
  begin(): TlsMaterial | undefined {
    this.material = this.identity?.current;
    return this.material;
  }

  /** @param serverEnd when the server's certificate expires */
  accept(serverEnd: Date): void {
    const ends = [serverEnd, this.material?.notAfter].flatMap((end) => end?.getTime() ?? []);
    this.validUntil = Math.min(...ends.filter((end) => end >= Date.now()));
  }
}

/** True when a server without TLS is refused. */
export function demandsTls({ natsUrl, natsCaFile }: Pick<NatsTlsOptions, 'natsUrl' | 'natsCaFile'>): boolean {
  return natsUrl.demandsTls || natsCaFile !== undefined;
}

/**
 * The client's option for TLS, which makes it demand TLS: `tls://` alone does not. It reads the certificates at each
 * connect, so that new ones are used, and notes each handshake.
 */
export function tlsOption({ natsUrl, natsCaFile }: NatsTlsOptions, handshake: Handshake): TlsOption {
  const hosts = natsUrl.servers.map(hostOf);
  const option = {
    minVersion: 'TLSv1.3',
    get cert() {
      return handshake.begin()?.cert;
    },
    get key() {
      return handshake.begin()?.key;
    },
    get ca() {
      return natsCaFile?.current ?? handshake.begin()?.ca;
    },
    checkServerIdentity: (name: string, certificate: PeerCertificate) => {
      const problem = identityProblem(name, certificate, hosts);
      if (!problem) handshake.accept(new Date(certificate.valid_to));
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
