import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUDIENCE, type Issuer, startIssuer } from '@orders/dev/stack/issuer';
import { freePorts } from '@orders/dev/stack/ports';
import { CertificateAuthority, CertificateFiles, someMaterial } from '@orders/service/testing';
import { Customer } from './client.ts';
import { TlsApp } from './tls-apps.ts';

const RENEWED = 'new certificates are in use';
const dataDir = mkdtempSync(join(tmpdir(), 'certificates-e2e-'));
const stack = new AsyncDisposableStack();
let ca: CertificateAuthority;
let issuer: Issuer;
let ports: number[];

beforeAll(async () => {
  stack.defer(() => rmSync(dataDir, { recursive: true }));
  ca = await CertificateAuthority.create('ca');
  ports = await freePorts(5);
  issuer = await startIssuer({ port: ports[0] ?? 0, keyFile: join(dataDir, 'key.json') });
  stack.defer(() => issuer.stop());
});
afterAll(() => stack.disposeAsync());

/** The files of an app, removed at the end. */
async function filesOf(app: string): Promise<CertificateFiles> {
  return stack.use(await CertificateFiles.create(await someMaterial(app, ca)));
}

/** The environment of an app that needs no server. */
function environment(app: string): NodeJS.ProcessEnv {
  const [, grpc = 0, http = 0] = ports;
  if (app === 'orders') return { STORAGE: 'memory', GRPC_PORT: String(grpc) };
  return {
    PORT: String(http),
    // By address: the name in the certificate of orders is what counts.
    ORDERS_ADDRESS: `127.0.0.1:${grpc}`,
    OIDC_ISSUER: issuer.url,
    OIDC_JWKS_URL: issuer.jwksUrl,
    OIDC_AUDIENCE: AUDIENCE,
    // A busy machine is no reason to refuse an order here.
    MAX_EVENT_LOOP_DELAY_MS: '60000',
    // Nobody listens there: a call that goes through it fails.
    http_proxy: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
    grpc_proxy: 'http://127.0.0.1:9',
  };
}

function start(app: string, files: CertificateFiles): TlsApp {
  const management = ports[app === 'orders' ? 3 : 4] ?? 0;
  return new TlsApp(app, management, { files, env: environment(app) });
}

describe('an app whose certificates cannot be used', () => {
  it.each(['orders', 'gateway'])('does not start, and one line tells why: %s', async (app) => {
    const files = await filesOf(app);
    await rm(files.config.tlsKeyFile);
    const run = start(app, files);
    expect(await run.exited).toEqual([1, null]);
    expect(
      run.output
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { msg: string }).msg),
    ).toEqual([`TLS_KEY_FILE ${files.config.tlsKeyFile}: does not exist`]);
  });
});

describe('gateway and orders with certificates', () => {
  let files: { orders: CertificateFiles; gateway: CertificateFiles };
  let apps: { orders: TlsApp; gateway: TlsApp };
  let customer: Customer;

  beforeAll(async () => {
    files = { orders: await filesOf('orders'), gateway: await filesOf('gateway') };
    apps = { orders: start('orders', files.orders), gateway: start('gateway', files.gateway) };
    for (const app of Object.values(apps)) stack.defer(() => app.stop());
    await Promise.all(Object.values(apps).map((app) => app.ready()));
    customer = new Customer(`http://127.0.0.1:${ports[2]}`, await issuer.token('alice'));
  });

  it('take orders while CA and certificates rotate, without a failed request', async () => {
    const statuses = new Map<number, number>();
    let ordering = true;
    const order = async () => {
      while (ordering) {
        const { status } = await customer.order();
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const loops = [order(), order(), order(), order()];
    const next = await CertificateAuthority.create('ca');
    const both = ca.cert + next.cert;
    const fresh = {
      orders: await someMaterial('orders', next),
      gateway: await someMaterial('gateway', next),
    };
    const old = { orders: await someMaterial('orders', ca), gateway: await someMaterial('gateway', ca) };
    for (const [index, step] of (['bundle', 'leaves', 'new CA'] as const).entries()) {
      for (const app of ['orders', 'gateway'] as const) {
        const material = step === 'bundle' ? old[app] : fresh[app];
        await files[app].swap({ ...material, ca: step === 'new CA' ? next.cert : both });
      }
      await Promise.all(Object.values(apps).map((app) => app.logged(RENEWED, index + 1)));
    }
    ordering = false;
    await Promise.all(loops);
    expect([...statuses.keys()]).toEqual([201]);
    expect(await apps.orders.metric('tls_rotation_refused')).toBe(0);
    ca = next;
  });

  it('keep what they have when new files cannot be used, and tell it', async () => {
    const { cert } = await someMaterial('orders', ca);
    const { key } = await someMaterial('orders', ca);
    await files.orders.swap({ cert, key, ca: ca.cert });
    await apps.orders.logged(
      'the certificate files cannot be used: the certificates from before stay in use',
      1,
    );
    expect(await apps.orders.metric('tls_rotation_refused')).toBe(1);
    expect((await customer.order()).status).toBe(201);
  });
});
