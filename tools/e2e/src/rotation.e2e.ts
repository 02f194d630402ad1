import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Customer, freshSystem, pause, type SystemUnderTest } from './client.ts';
import { customersOrderingOnce, expectExactly } from './load.ts';

/** Length of the load: 60 for the full one, with three rotations. */
const ROTATE_SECONDS = Number(process.env['ROTATE_SECONDS'] ?? 0);
const ROTATIONS = ROTATE_SECONDS > 0 ? 3 : 1;
const CUSTOMERS = 8;

let sut: SystemUnderTest;
beforeAll(async () => void (sut = await freshSystem({ replicas: 2 })), 120_000);
afterAll(() => sut.dispose(), 60_000);

it(
  `the CA and all certificates are replaced under load, ${ROTATIONS} times: no request fails, no order is lost or comes twice`,
  async () => {
    const load = customersOrderingOnce(await Customer.of(sut.system, 'alice'), CUSTOMERS);
    await load.more(50);
    const began = performance.now();
    for (let n = 1; n <= ROTATIONS; n += 1) {
      await sut.system.rotateCertificates();
      const untilNext = (n / ROTATIONS) * ROTATE_SECONDS * 1_000 - (performance.now() - began);
      await pause(Math.max(0, untilNext));
    }
    await load.more(50);
    await load.stop();
    const seconds = Math.round((performance.now() - began) / 1_000);
    const { failed, acknowledged } = load;
    console.log(
      `${ROTATIONS} rotations in ${seconds} s: ${acknowledged.length} orders acknowledged, ${failed.length} failed`,
    );
    expect(failed).toEqual([]);
    await expectExactly(sut.system, acknowledged);
  },
  120_000 + ROTATE_SECONDS * 1_000,
);
