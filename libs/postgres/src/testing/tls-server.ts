import type { CertificateAuthority, CertificateOptions } from '@orders/service/testing';
import pg from 'pg';
import { requiredUrl } from './test-config.js';
import { eventually } from '@orders/resilience/testing/eventually';

/** The server of the tests with TLS. Sessions without it go on as before. */
export class TlsServer implements AsyncDisposable {
  private constructor(
    private readonly admin: pg.Client,
    private readonly folder: string,
    private readonly hbaFile: string,
    private readonly hba: string,
  ) {}

  /** Makes it ready for certificates; TLS is off until {@link use}. */
  static async open(): Promise<TlsServer> {
    const admin = new pg.Client({ connectionString: requiredUrl('TEST_DATABASE_URL') });
    await admin.connect();
    const { rows } = await admin.query<{ folder: string; hbaFile: string; hba: string }>(`
      SELECT current_setting('data_directory') || '/test-tls' AS folder, current_setting('hba_file') AS "hbaFile",
        pg_read_file(current_setting('hba_file')) AS hba`);
    const { folder, hbaFile, hba } = rows[0]!;
    await admin.query(`COPY (SELECT) TO PROGRAM 'mkdir -p ${folder}'`);
    return new TlsServer(admin, folder, hbaFile, hba);
  }

  /** Has new sessions see a certificate for these names, of a CA, whose clients it also trusts. */
  async use(
    ca: CertificateAuthority,
    names: readonly [string, ...string[]],
    options?: CertificateOptions,
  ): Promise<void> {
    const { cert, key } = await ca.issue(names, options);
    const files = { cert_file: cert, key_file: key, ca_file: ca.cert };
    for (const [setting, pem] of Object.entries(files)) {
      await this.write(`${this.folder}/${setting}`, pem);
      await this.admin.query(`ALTER SYSTEM SET ssl_${setting} = '${this.folder}/${setting}'`);
    }
    await this.admin.query('ALTER SYSTEM SET ssl = on');
    await this.reload();
  }

  async turnOff(): Promise<void> {
    await this.admin.query('ALTER SYSTEM SET ssl = off');
    await this.reload();
  }

  /** Lets connections to a database in by this line of pg_hba.conf alone: its type, method and options. */
  async admit(database: string, type: 'hostssl', method: string): Promise<void> {
    const lines = ['127.0.0.1/32', '::1/128'].flatMap((address) => [
      `${type} ${database} all ${address} ${method}`,
      `host ${database} all ${address} reject`,
    ]);
    await this.write(this.hbaFile, `${lines.join('\n')}\n${this.hba}`);
    await this.reload();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.write(this.hbaFile, this.hba);
    for (const setting of ['ssl', 'ssl_cert_file', 'ssl_key_file', 'ssl_ca_file'])
      await this.admin.query(`ALTER SYSTEM RESET ${setting}`);
    await this.reload();
    await this.admin.query(`COPY (SELECT) TO PROGRAM 'rm -r ${this.folder}'`);
    await this.admin.end();
  }

  /** As the server, which takes no key that others may read. */
  private async write(file: string, text: string): Promise<void> {
    const base64 = Buffer.from(text).toString('base64');
    await this.admin.query(`COPY (SELECT '${base64}') TO PROGRAM 'umask 077; base64 -d > ${file}'`);
  }

  private async reload(): Promise<void> {
    const before = await loadTime();
    await this.admin.query('SELECT pg_reload_conf()');
    await eventually('new sessions have the new settings', async () => (await loadTime()) > before);
  }
}

/** When the server of a new session has read its settings. */
async function loadTime(): Promise<number> {
  const client = new pg.Client({ connectionString: requiredUrl('TEST_DATABASE_URL') });
  await client.connect();
  const { rows } = await client.query<{ at: Date }>('SELECT pg_conf_load_time() AS at');
  await client.end();
  return rows[0]!.at.getTime();
}
