import { expect, it } from '@jest/globals';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveNatsServer } from '../stack/nats-binary.ts';
import { ROOT } from '../stack/paths.ts';
import { run } from '../stack/run.ts';

it.each(['2.10', '2.15'] as const)('nats-server %s takes docs/nats-permissions.conf', async (version) => {
  const folder = mkdtempSync(join(tmpdir(), 'nats-permissions-'));
  const config = join(folder, 'nats.conf');
  const users = ['orders', 'fulfillment', 'operator', 'provisioner'].map(
    (name) => `{ user: ${name}, password: p, permissions: $${name}_permissions }`,
  );
  copyFileSync(join(ROOT, 'docs/nats-permissions.conf'), join(folder, 'nats-permissions.conf'));
  writeFileSync(config, `include nats-permissions.conf\nauthorization { users: [${users.join('\n')}] }`);
  try {
    const binary = await resolveNatsServer({ version });
    await expect(run(binary, ['-t', '-c', config])).resolves.toBeDefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
