import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Customer, freshSystem, type SystemUnderTest } from './client.ts';
import { customersOrderingOnce, expectExactly } from './load.ts';

/** Rolls of the whole system; 20 and more before a release. */
const ROLLS = Number(process.env['ROLLS'] ?? 3);
const REPLICAS = 2;
const CUSTOMERS = 8;

let sut: SystemUnderTest;
beforeAll(async () => void (sut = await freshSystem({ replicas: REPLICAS })), 120_000);
afterAll(() => sut.dispose(), 60_000);

/** All apps side by side; of each, the next replica goes when the one before is ready again, as in a Deployment. */
async function roll(): Promise<void> {
  await Promise.all(
    Object.values(sut.system.replicas).map(async (replicas) => {
      for (const replica of replicas) {
        await replica.stop();
        await replica.start();
      }
    }),
  );
}

it(
  `${ROLLS} rolling restarts of everything under load: no request fails, and no order comes twice`,
  async () => {
    const load = customersOrderingOnce(await Customer.of(sut.system, 'alice'), CUSTOMERS);
    await load.more(50);
    for (let n = 0; n < ROLLS; n += 1) await roll();
    await load.stop();
    expect(load.failed).toEqual([]);
    await expectExactly(sut.system, load.acknowledged);
  },
  60_000 + ROLLS * 60_000,
);
