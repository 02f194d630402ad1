import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Certificates } from './certificates.ts';
import type { Tls } from './tls-files.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'certificates-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const make = (...names: string[]): Promise<Certificates> => Certificates.create(join(folder, 'tls'), names);

const leaf = ({ cert }: Tls): X509Certificate => new X509Certificate(readFileSync(cert));

function authorities({ ca }: Tls): X509Certificate[] {
  const blocks = readFileSync(ca, 'utf8').match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** Whether a process that has read these files takes the certificate of another one. */
const trusts = (mine: Tls, other: Tls): boolean =>
  authorities(mine).some((ca) => leaf(other).verify(ca.publicKey));

describe('the certificates of a system', () => {
  it('have the name of their app, and those of this machine', async () => {
    const orders = leaf((await make('orders')).filesOf('orders'));
    expect(orders.subject).toBe('CN=orders');
    expect(orders.subjectAltName).toBe('DNS:orders, DNS:localhost, IP Address:127.0.0.1');
  });

  it('have keys that nobody else reads, and none of the CA is there', async () => {
    const { cert, key } = (await make('orders')).filesOf('orders');
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(statSync(join(key, '../..data')).mode & 0o777).toBe(0o700);
    expect(leaf({ cert, key, ca: '' }).ca).toBe(false);
  });

  it('are made anew at each start, and none of an app that is gone is left', async () => {
    const first = leaf((await make('orders', 'gone')).filesOf('orders'));
    const again = await make('orders');
    expect(leaf(again.filesOf('orders')).serialNumber).not.toBe(first.serialNumber);
    expect(() => statSync(join(folder, 'tls/gone'))).toThrow('ENOENT');
    expect(() => again.filesOf('gone')).toThrow('no certificate of gone');
  });
});

describe('a rotation', () => {
  it('leaves nobody who does not trust another, also while only one of two has taken a step', async () => {
    const certificates = await make('gateway', 'orders');
    const [gateway, orders] = ['gateway', 'orders'].map((name) => certificates.filesOf(name)) as [Tls, Tls];
    const late = { cert: join(folder, 'late.crt'), key: '', ca: join(folder, 'late-ca.crt') };
    const lag = (): void => {
      copyFileSync(orders.cert, late.cert);
      copyFileSync(orders.ca, late.ca);
    };
    lag();
    let steps = 0;
    await certificates.rotate(async () => {
      steps += 1;
      expect([trusts(gateway, late), trusts(late, gateway), trusts(gateway, orders)]).toEqual([
        true,
        true,
        true,
      ]);
      lag();
    });
    expect(steps).toBe(3);
  });

  it('ends with other keys, and with the new CA alone', async () => {
    const certificates = await make('orders');
    const files = certificates.filesOf('orders');
    const old = { leaf: leaf(files), key: readFileSync(files.key, 'utf8'), ca: authorities(files)[0]! };
    await certificates.rotate(async () => undefined);
    expect(readFileSync(files.key, 'utf8')).not.toBe(old.key);
    expect(authorities(files)).toHaveLength(1);
    expect(authorities(files).some((ca) => old.leaf.verify(ca.publicKey))).toBe(false);
    expect(leaf(files).verify(old.ca.publicKey)).toBe(false);
  });
});
