import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { publishTls, tlsFilesIn } from '@orders/dev/stack/tls-files';
import { of } from '@orders/dev/stack/wiring';
import { CertificateAuthority } from '@orders/service/testing';
import { type Fault, repeat } from './fault.ts';
import type { WatchedSystem } from './watched-system.ts';

const DAY_MS = 86_400_000;

export const strangeCertificate: Fault = {
  what: 'the gateway gets a certificate of another CA that expires soon',
  alerts: ['CertificateExpires', 'PeersRefused'],
  cause: async ({ environments, alice }) => {
    const [folder, before] = certificateOf(environments, 'gateway');
    const authority = await CertificateAuthority.create('another CA');
    const leaf = await authority.issue(['gateway'], { notAfter: new Date(Date.now() + 6 * DAY_MS) });
    publishTls(folder, { ...leaf, ca: before.ca + authority.cert });
    const end = repeat(() => alice.order());
    return async () => {
      await end();
      publishTls(folder, before);
    };
  },
};

export const brokenFiles: Fault = {
  what: 'files of fulfillment are overwritten with garbage',
  alerts: ['CertificatesRefused', 'FileRefused'],
  cause: async ({ environments }) => {
    const [folder, before] = certificateOf(environments, 'fulfillment');
    const caFile = of(environments, 'fulfillment')['NATS_CA_FILE'] ?? '';
    publishTls(folder, { ...before, cert: 'garbage' });
    writeFileSync(caFile, 'garbage');
    return () => {
      publishTls(folder, before);
      writeFileSync(caFile, before.ca);
    };
  },
};

export const plainPeer: Fault = {
  what: 'somebody talks plaintext to orders',
  alerts: ['PeersRefused'],
  cause: async ({ environments }) => {
    const socket = connect(Number(of(environments, 'orders')['GRPC_PORT']), '127.0.0.1');
    socket.on('error', () => undefined).end('GET / HTTP/1.1\r\n\r\n');
    socket.resume();
    return () => socket.destroy();
  },
};

function certificateOf(environments: WatchedSystem['environments'], app: string) {
  const folder = dirname(of(environments, app)['TLS_CERT_FILE'] ?? '');
  const { cert, key, ca } = tlsFilesIn(folder);
  const read = (file: string) => readFileSync(file, 'utf8');
  return [folder, { cert: read(cert), key: read(key), ca: read(ca) }] as const;
}
