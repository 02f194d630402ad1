import { describe, expect, it } from '@jest/globals';
import { APPS } from './stack/declarations.ts';
import { freeSystemPorts } from './stack/ports.ts';
import { systemUrls } from './stack/topology.ts';
import { welcome } from './welcome.ts';

describe('what npm start says when it is ready', () => {
  it('names the servers as psql and a consumer take them, without a password', async () => {
    const said = welcome(
      {
        urls: systemUrls(APPS, await freeSystemPorts()),
        nats: { url: 'nats://me:hidden@127.0.0.1:4222', server: undefined },
        postgres: { url: (database) => `postgres://me:hidden@127.0.0.1:5432/${database}`, server: undefined },
      },
      'TOKEN',
      false,
    );
    expect(said).toContain('nats://me@127.0.0.1:4222\n');
    const databases = APPS.filter(({ database }) => database).map(({ name }) => name);
    expect(said).toContain(`${databases.map((name) => `postgres://me@127.0.0.1:5432/${name}`).join('  ')}\n`);
    expect(said).not.toContain('hidden');
  });
});
