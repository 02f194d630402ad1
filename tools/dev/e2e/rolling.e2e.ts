import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Customer, freshSystem, pause, type Answer, type SystemUnderTest } from './client.ts';
import { until } from '../src/stack/until.ts';
import { censusOnceApplied, expectAllAgree } from './load.ts';

/** Rolls of the whole system; 20 and more before a release. */
const ROLLS = Number(process.env['ROLLS'] ?? 3);
const REPLICAS = 2;
const CUSTOMERS = 8;

let sut: SystemUnderTest;
beforeAll(async () => void (sut = await freshSystem({ replicas: REPLICAS })), 120_000);
afterAll(() => sut.dispose(), 60_000);

/** Customers that order one after the other, each order once, until told to stop. */
function ordering(customer: Customer) {
  const failed: unknown[] = [];
  const acknowledged: string[] = [];
  let going = true;
  const order = async (): Promise<Answer | Error> => customer.order().catch((error: Error) => error);
  const loop = async () => {
    while (going) {
      const answer = await order();
      // What a failed fetch hides in its cause, too.
      if (answer instanceof Error) failed.push(`${answer.message}: ${String(answer.cause)}`);
      else if (answer.status !== 201) failed.push(answer);
      else acknowledged.push(answer.body.id);
      await pause(20);
    }
  };
  const loops = Array.from({ length: CUSTOMERS }, loop);
  const stop = async () => {
    going = false;
    await Promise.all(loops);
  };
  return { failed, acknowledged, stop };
}

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
    const load = ordering(await Customer.of(sut.system, 'alice'));
    await until(async () => load.acknowledged.length > 50, { timeoutMs: 20_000, what: 'some orders' });
    for (let n = 0; n < ROLLS; n += 1) await roll();
    await load.stop();
    expect(load.failed).toEqual([]);
    const end = await censusOnceApplied(sut.system);
    expect(end.orders).toEqual(load.acknowledged.toSorted());
    expectAllAgree(end);
  },
  60_000 + ROLLS * 60_000,
);
