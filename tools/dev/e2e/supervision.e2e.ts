import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../src/stack/until.ts';
import { Customer, freshSystem, type SystemUnderTest } from './client.ts';
import { customersOrdering, expectNothingLost } from './load.ts';

let sut: SystemUnderTest;
let alice: Customer;
const told: string[] = [];

beforeAll(async () => {
  const onEvent = (name: string, text: string) => void told.push(`${name}: ${text}`);
  sut = await freshSystem({ onEvent, onServerEvent: onEvent });
  alice = await Customer.of(sut.system, 'alice');
}, 120_000);
afterAll(() => sut.dispose(), 60_000);

const isTold = (what: RegExp) =>
  until(async () => told.some((line) => what.test(line)), { timeoutMs: 40_000, what: String(what) });

describe('npm start brings back what died', () => {
  it.each([
    ['nats-server', () => sut.system.nats.server!.child!.pid],
    ['postgres', () => sut.system.postgres.server!.child!.pid],
  ])(
    'kill -9 of %s under load: told in one line, started again, nothing lost',
    async (name, pid) => {
      const load = customersOrdering(alice, 4);
      await load.more(20);
      process.kill(pid(), 'SIGKILL');
      await isTold(new RegExp(`^${name}: died \\(SIGKILL\\); starting it again in 0.5 s$`));
      await isTold(new RegExp(`^${name}: runs again \\(pid \\d+\\)$`));
      await load.more(20);
      await load.stop();
      await expectNothingLost(sut.system, load.acknowledged);
    },
    120_000,
  );

  it('says which port a stranger has taken while an app was away, and starts it once the port is free', async () => {
    const { port } = new URL(sut.system.urls.api);
    const stranger = createServer();
    await sut.system.apps.gateway!.crash();
    await once(stranger.listen(Number(port), '127.0.0.1'), 'listening');
    await isTold(
      new RegExp(`^gateway: died \\(another process has taken its port ${port}\\); starting it again`),
    );
    stranger.close();
    await sut.system.apps.gateway!.ready();
    expect((await alice.orderUntilSure()).status).toBe(201);
  }, 90_000);

  it('says that the data of a server is gone, and what to do', async () => {
    const { folder, child } = sut.system.postgres.server!;
    rmSync(folder, { recursive: true, force: true });
    child!.kill('SIGKILL');
    await isTold(/^postgres: could not be started \(its data in .* is gone: end npm start and begin anew\)/);
  }, 60_000);
});
