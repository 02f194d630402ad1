import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@orders/instrumentation';
import { exportJWK, generateKeyPair } from 'jose';
import { KeySet } from './key-set.js';

const HOUR = 3_600_000;
const jwk = async (kid: string) => ({
  ...(await exportJWK((await generateKeyPair('ES256')).publicKey)),
  kid,
  alg: 'ES256',
});
const [first, second] = await Promise.all([jwk('first'), jwk('second')]);

/** A key set whose issuer and clock the test controls. */
function keySet() {
  const issuer = { answer: (): unknown => ({ keys: [first] }), fetches: 0 };
  const clock = { now: 0 };
  const keys = new KeySet({
    url: 'https://id.example/jwks',
    logger: createLogger({ name: 'test', level: 'silent' }),
    now: () => clock.now,
    fetch: async () => {
      issuer.fetches += 1;
      return issuer.answer();
    },
  });
  const find = (kid: string) => keys.find({ alg: 'ES256', kid }, { payload: '', signature: '' });
  return { keys, issuer, clock, find };
}

const down = () => {
  throw new Error('connection refused');
};

describe('the keys', () => {
  it('that were never fetched lead to 503, not 401', async () => {
    const { keys, issuer, find } = keySet();
    issuer.answer = down;
    expect(await keys.refresh()).toBe(false);
    await expect(find('first')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(keys.check()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('are awaited while they are being fetched', async () => {
    const { keys, find } = keySet();
    void keys.refresh();
    await expect(find('first')).resolves.toBeDefined();
  });

  it.each<[string, () => unknown]>([
    ['refuses', down],
    ['answers HTML', () => '<html>'],
    ['answers nothing', () => undefined],
    ['answers an empty set', () => ({ keys: [] })],
    ['answers another shape', () => ({ keys: 'none' })],
  ])('stay for 24 h when the issuer %s, and not longer', async (_, answer) => {
    const { keys, issuer, clock, find } = keySet();
    await keys.refresh();
    issuer.answer = answer;
    clock.now = 24 * HOUR - 1;
    expect(await keys.refresh()).toBe(false);
    await expect(find('first')).resolves.toBeDefined();
    clock.now = 24 * HOUR;
    await expect(find('first')).rejects.toMatchObject({ code: 'unavailable' });
    issuer.answer = () => ({ keys: [first] });
    await keys.refresh();
    await expect(find('first')).resolves.toBeDefined();
  });

  it('that were rotated in are fetched when a token first names one', async () => {
    const { keys, issuer, clock, find } = keySet();
    await keys.refresh();
    const version = keys.version;
    issuer.answer = () => ({ keys: [first, second] });
    clock.now = 5_000;
    await expect(find('second')).resolves.toBeDefined();
    expect(keys.version).toBe(version + 1);
  });

  it('that do not exist cost at most one fetch in 5 s', async () => {
    const { keys, issuer, clock, find } = keySet();
    await keys.refresh();
    clock.now = 4_999;
    await expect(find('odd')).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    expect(issuer.fetches).toBe(1);
    clock.now = 5_000;
    await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map(async (kid) => find(kid)));
    expect(issuer.fetches).toBe(2);
  });

  it('keep their version while they do not change', async () => {
    const { keys } = keySet();
    await keys.refresh();
    await keys.refresh();
    expect(keys.version).toBe(1);
  });

  it('are fetched by run until stop', async () => {
    const { keys, issuer } = keySet();
    const running = keys.run();
    await keys.refresh();
    keys.stop();
    await running;
    expect(issuer.fetches).toBe(1);
  });
});
