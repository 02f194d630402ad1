import type { Secret, TlsIdentity } from '@orders/service';
import pg from 'pg';
import { DatabaseUrl, parseDatabaseUrl } from './database-url.js';
import { WritableHost } from './failover.js';
import { explainTlsFailure } from './tls-failure.js';
import { tlsOptions } from './tls-options.js';

/** The way to a database, and who we are there. */
export interface DatabaseAddress {
  /** As {@link databaseUrl} has made it, it has the file of CAs that it names; else that file is read once. */
  readonly url: Secret | DatabaseUrl;
  /** `application_name` of the connections, which the server shows. */
  readonly applicationName: string;
  /** Default: no client certificate, and the CA that the URL names. */
  readonly tls?: TlsIdentity | undefined;
}

/** A connection to a database that is not of a pool. */
export type DatabaseClient = pg.Client;

/**
 * The class of the connections to a database. With several hosts in the URL, a connection is made to the one that takes
 * writes: all are asked at once, so that one that is silent delays nothing. The answer is kept until a connection fails
 * or ends.
 *
 * TLS is what the address says, and a failure of it says why. `PG*` variables only fill in a user, password or database
 * that the URL leaves out.
 *
 * @throws {CliError} when the URL demands to verify a server and there is no CA
 */
export function clientClassFor(address: DatabaseAddress): typeof pg.Client {
  const { hosts } = parseDatabaseUrl(address.url.reveal());
  const HostClient = hostClientClass(address);
  return hosts.length === 1 ? HostClient : writableHostClass(HostClient, hosts);
}

/** The class of the connections to the first host, unless its config has another one. */
function hostClientClass({ url, applicationName, tls: identity }: DatabaseAddress) {
  const { hosts, tls } = parseDatabaseUrl(url.reveal());
  const { rootCertificates } =
    url instanceof DatabaseUrl ? url : new DatabaseUrl(url.reveal(), 'DATABASE_URL');
  const ours = {
    ssl: tlsOptions(tls, identity, rootCertificates),
    sslnegotiation: tls.negotiation,
    application_name: applicationName,
  };

  return class HostClient extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super({ connectionString: hosts[0], ...config, ...ours });
      ignoreVariables(this as unknown as WithParameters);
    }

    override connect(): Promise<pg.Client>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<pg.Client> | void {
      const connected = this.open().catch((error: unknown) => {
        throw explainTlsFailure(error);
      });
      if (!callback) return connected;
      connected.then(() => callback(undefined as unknown as Error), callback);
    }

    /** Connects. */
    open(): Promise<pg.Client> {
      return super.connect();
    }
  };
}

/** The class of the connections to that host which takes writes. */
function writableHostClass(HostClient: ReturnType<typeof hostClientClass>, hosts: readonly string[]) {
  const writable = new WritableHost(
    hosts.map((connectionString) => (limits) => new HostClient({ ...limits, connectionString })),
  );
  return class extends HostClient {
    override async open(): Promise<pg.Client> {
      const forget = () => writable.forget();
      this.once('error', forget).once('end', forget);
      try {
        Object.assign(this, await writable.find());
        return await super.open();
      } catch (error) {
        forget();
        throw error;
      }
    }
  };
}

interface WithParameters {
  readonly connectionParameters: { options: unknown; replication: unknown };
}

/** pg takes these from PGOPTIONS and PGREPLICATION: they would change what a session does, and a pooler refuses them. */
function ignoreVariables({ connectionParameters }: WithParameters): void {
  connectionParameters.options = undefined;
  connectionParameters.replication = undefined;
}
