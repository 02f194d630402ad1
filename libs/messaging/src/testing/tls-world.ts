import { eventually } from '@orders/resilience/testing/eventually';
import { readConfig, TlsIdentity } from '@orders/service';
import { CertificateAuthority, type CertificateOptions, someMaterial } from '@orders/service/testing';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { natsConfig } from '../jetstream/nats-config.js';
import { NatsLink } from '../jetstream/nats-link.js';
import { ConfiguredNats } from './configured-nats.js';
import { recordingLog } from './fixtures.js';

const schema = z.object(natsConfig);

/** Issuers of certificates, a nats-server with TLS, one without, and links to them. */
export class TlsWorld implements AsyncDisposable {
  private readonly links: NatsLink[] = [];
  /** Demands a certificate, whose DNS name is the user. */
  mutual!: ConfiguredNats;

  private constructor(
    /** That of the servers. */
    readonly ca: CertificateAuthority,
    /** One whose certificates the servers take too. */
    readonly otherCa: CertificateAuthority,
    /** One whose certificates they do not take. */
    readonly stranger: CertificateAuthority,
    readonly plain: ConfiguredNats,
  ) {}

  static async start(): Promise<TlsWorld> {
    const world = new TlsWorld(
      await CertificateAuthority.create('a'),
      await CertificateAuthority.create('b'),
      await CertificateAuthority.create('c'),
      await ConfiguredNats.start({}),
    );
    world.mutual = await ConfiguredNats.start({
      authorization: { users: [{ user: 'orders' }, { user: 'orders-2' }] },
      tls: { ...(await world.serverTls(['nats', 'localhost'])), verify_and_map: true },
    });
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mutual[Symbol.asyncDispose]();
    await this.plain[Symbol.asyncDispose]();
  }

  /** TLS of a server, with a certificate for these names. */
  async serverTls(
    names: [string, ...string[]],
    options?: CertificateOptions,
  ): Promise<Record<string, unknown>> {
    const { cert, key } = await this.ca.issue(names, options);
    const file = (text: string) => this.write(`${randomUUID()}.pem`, text);
    const cas = file(this.ca.cert + this.otherCa.cert);
    return { cert_file: file(cert), key_file: file(key), ca_file: cas, timeout: 5 };
  }

  write(name: string, text: string): string {
    const path = join(this.plain.folder, name);
    writeFileSync(path, text);
    return path;
  }

  openLink(url: string, tls?: TlsIdentity, env: Record<string, string> = {}) {
    const logger = recordingLog();
    const config = readConfig(schema, { NATS_URL: url, ...env });
    const link = new NatsLink({ config, tls, name: 'orders', logger });
    this.links.push(link);
    return { link, logger };
  }

  async closeLinks(): Promise<void> {
    for (const link of this.links.splice(0)) await link.close();
  }

  /** A certificate of an issuer, whose owner trusts the servers. */
  async trusting(
    name: string,
    issuer: CertificateAuthority,
    options?: CertificateOptions,
  ): Promise<TlsIdentity> {
    return new TlsIdentity(name, { ...(await someMaterial(name, issuer, options)), ca: this.ca.cert });
  }
}

/** Why a link does not get its connection. */
export async function reasonOf(link: NatsLink): Promise<string | undefined> {
  void link.connection().catch(() => undefined);
  await eventually('the reason', () => link.problem !== undefined, 10_000);
  return link.problem;
}

export async function userOf(link: NatsLink): Promise<string> {
  const answer = await (await link.connection()).request('$SYS.REQ.USER.INFO');
  return answer.json<{ data: { user: string } }>().data.user;
}
