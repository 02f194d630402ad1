import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '@orders/instrumentation';
import { Secret, type TlsIdentity } from '@orders/service';
import { CertificateAuthority, someIdentity, someMaterial } from '@orders/service/testing';
import { DataSource } from 'typeorm';
import { cancelStatement } from './cancel-request.js';
import type { Connection } from './connection.js';
import { clientClassFor } from './database-client.js';
import { isInstallationFault } from './database-error.js';
import { postgresOptions } from './postgres.js';
import { runMigrations } from './run-migrations.js';
import { eventually } from '@orders/resilience/testing/eventually';
import { OpeningService } from './testing/opening-service.js';
import { createMigratedDatabase, createTestDatabase, type TestDatabase } from './testing/test-database.js';
import { thingsAt } from './testing/things.js';
import { TlsServer } from './testing/tls-server.js';

const SERVER_NAMES = ['localhost', '127.0.0.1'] as const;
const EXPIRED = { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') };
const FUTURE = { notBefore: new Date('2080-01-01'), notAfter: new Date('2081-01-01') };

let ca: CertificateAuthority;
let otherCa: CertificateAuthority;
let server: TlsServer;
let db: TestDatabase;
/** Of an app: its certificate is of `ca`, which it trusts. */
let app: TlsIdentity;
let warned: jest.SpiedFunction<typeof process.emitWarning>;

beforeAll(async () => {
  ca = await CertificateAuthority.create('a CA');
  otherCa = await CertificateAuthority.create('another CA');
  app = await someIdentity('things', ca);
  server = await TlsServer.open();
  await server.use(ca, SERVER_NAMES);
  ({ db } = await createMigratedDatabase(thingsAt));
  warned = jest.spyOn(process, 'emitWarning');
});
afterEach(() => expect(warned).not.toHaveBeenCalled());
afterAll(async () => {
  await db[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const urlWith = (parameters: string) => `${db.url}?${parameters}`;

/** A connection to the database, and what TLS made of it. */
async function connect(url: string, tls?: TlsIdentity) {
  const Client = clientClassFor({ url: new Secret(url), tls, applicationName: 'test' });
  const client = new Client();
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string | null; cn: string | null }>(
      `SELECT version, substring(client_dn from 'CN=([^/]*)') AS cn FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
    );
    return rows[0]!;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function whileServerHas(
  [by, names, options]: Parameters<TlsServer['use']>,
  work: () => Promise<void>,
): Promise<void> {
  await server.use(by, names, options);
  await work().finally(() => server.use(ca, SERVER_NAMES));
}

describe('with TLS, a connection', () => {
  it.each(['sslmode=require', 'sslmode=verify-ca', 'sslmode=verify-full', ''])(
    'is made in TLS 1.3, with the certificate of the app: %s',
    async (parameters) => {
      expect(await connect(urlWith(parameters), app)).toEqual({ version: 'TLSv1.3', cn: 'things' });
    },
  );

  it('needs no certificate of its own', async () => {
    expect(await connect(urlWith('sslmode=require'))).toEqual({ version: 'TLSv1.3', cn: null });
  });

  it('is not made with sslmode=disable, nor where nothing asks for it', async () => {
    const plain = { version: null, cn: null };
    expect(await connect(urlWith('sslmode=disable'), app)).toEqual(plain);
    expect(await connect(db.url)).toEqual(plain);
  });

  it('to several hosts is made to the one that takes writes', async () => {
    const { port } = new URL(db.url);
    const url = urlWith('sslmode=verify-full&target_session_attrs=read-write');
    const both = url.replace(/@[^/]+/, `@localhost:${port},127.0.0.1:${port}`);
    expect(await connect(both, app)).toEqual({ version: 'TLSv1.3', cn: 'things' });
  });

  it('is made whatever the name of the server is, for verify-ca and require', async () => {
    await whileServerHas([ca, ['db.example.com']], async () => {
      for (const mode of ['require', 'verify-ca'])
        expect(await connect(urlWith(`sslmode=${mode}`), app)).toMatchObject({ version: 'TLSv1.3' });
    });
  });

  it('runs migrations', async () => {
    const settings = { url: new Secret(db.url), tls: app, poolMax: 1, unlimited: true, applicationName: 'm' };
    const database = new DataSource(postgresOptions(settings));
    await runMigrations(database, createLogger({ name: 'test', level: 'silent' }));
  });

  it('is cancelled through TLS as well', async () => {
    const Client = clientClassFor({ url: new Secret(db.url), tls: app, applicationName: 'cancelled' });
    const client = new Client();
    await client.connect();
    const sleep = client.query('SELECT pg_sleep(60)').catch((error: unknown) => error);
    const active = "SELECT FROM pg_stat_activity WHERE application_name = 'cancelled' AND state = 'active'";
    await eventually('it sleeps', async () => (await db.query<unknown[]>(active)).length === 1);
    await cancelStatement(client as unknown as Connection);
    expect(await sleep).toMatchObject({ code: '57014' });
    await client.end();
  });
});

describe('a server that is not what the URL demands', () => {
  it.each([
    ['another CA', 'verify-ca', () => otherCa, SERVER_NAMES, undefined, 'is not by the trusted CA'],
    ['another CA', 'require', () => otherCa, SERVER_NAMES, undefined, 'is not by the trusted CA'],
    ['another name', 'verify-full', () => ca, ['db.example.com'], undefined, 'is for other names'],
    ['a past time', 'verify-full', () => ca, SERVER_NAMES, EXPIRED, 'has expired'],
    ['a future time', 'verify-full', () => ca, SERVER_NAMES, FUTURE, 'is not valid yet'],
  ] as const)('has a certificate of %s: %s refuses it with the reason', async (...row) => {
    const [, mode, by, names, options, reason] = row;
    await whileServerHas([by(), names, options], async () => {
      const error = await connect(urlWith(`sslmode=${mode}`), app).catch((caught: unknown) => caught);
      expect((error as Error).message).toContain(`Postgres: the certificate of the server ${reason} (`);
      expect(isInstallationFault(error)).toBe(true);
    });
  });

  it('has TLS off: an app waits, its log and /readyz have the reason once, and it starts by itself', async () => {
    await server.turnOff();
    const reason =
      'Postgres: the server has TLS off: set ssl = on there, or sslmode=disable in the URL to do without';
    const things = thingsAt(urlWith('sslmode=verify-full'), app);
    await using service = await OpeningService.start(things, { rights: {} });
    await eventually('it tells why', async () => (await service.readiness()).reason === reason);
    expect(service.logged).toEqual([`the database cannot be used: ${reason}`]);
    await server.use(ca, SERVER_NAMES);
    await service.opened;
  });
});

describe('a server that demands TLS of its clients', () => {
  let guarded: TestDatabase;
  let url: string;
  beforeAll(async () => {
    guarded = await createTestDatabase();
    ({ url } = guarded);
    await server.admit(new URL(url).pathname.slice(1), 'hostssl', 'scram-sha-256 clientcert=verify-ca');
  });
  afterAll(() => guarded[Symbol.asyncDispose]());

  it('refuses plain text with its reason', async () => {
    await expect(connect(`${url}?sslmode=disable`, app)).rejects.toMatchObject({
      code: '28000',
      message: expect.stringContaining('no encryption'),
    });
  });

  it('refuses a client without a certificate', async () => {
    await expect(connect(`${url}?sslmode=require`)).rejects.toMatchObject({
      code: '28000',
      message: expect.stringContaining('requires a valid client certificate'),
    });
  });

  it.each([
    ['of another CA', () => otherCa, undefined],
    ['that has expired', () => ca, EXPIRED],
  ] as const)('refuses a certificate %s, and the error names its variable', async (_what, by, options) => {
    const { cert, key } = await someMaterial('things', by(), options);
    const stranger = await someIdentity('things', ca);
    stranger.replace({ ...stranger.current, cert, key });
    const error = await connect(`${url}?sslmode=verify-full`, stranger).catch((caught: unknown) => caught);
    expect(String(error)).toMatch(
      /refuses our certificate, of TLS_CERT_FILE|ECONNRESET|Connection terminated/,
    );
    expect(isInstallationFault(error)).toBe(true);
  });

  it('takes the certificate of the app, and that of its rotation for the next connection', async () => {
    const rotating = await someIdentity('things', ca);
    const settings = { url: new Secret(url), tls: rotating, poolMax: 1, applicationName: 'rotating' };
    const pool = new DataSource(postgresOptions(settings));
    const usedCertificate = async () => {
      await pool.initialize();
      const sql = 'SELECT client_serial AS serial FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
      const [row] = await pool.query<{ serial: string }[]>(sql);
      await pool.destroy();
      return row!.serial;
    };
    const before = await usedCertificate();
    await server.use(otherCa, SERVER_NAMES);
    rotating.replace(await someMaterial('things', otherCa));
    expect(await usedCertificate()).not.toBe(before);
    await server.use(ca, SERVER_NAMES);
  });
});
