import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@orders/instrumentation';
import { PassThrough } from 'node:stream';
import { ec, HEADER, publicJwk, rsa, stranger, token } from './testing/signed-token.js';
import { KeySet } from './key-set.js';

const HOUR = 3_600_000;
const first = await publicJwk(rsa, { kid: 'first' });
const second = await publicJwk(ec, { kid: 'second' });
const third = await publicJwk(stranger);
const TOKENS = {
  first: await token({}, { kid: 'first' }),
  second: await token({}, { alg: 'ES256', kid: 'second' }, ec.privateKey),
  odd: await token({}, { kid: 'odd' }),
  unnamed: await token({}, { alg: HEADER.alg, kid: undefined }, stranger.privateKey),
};

/** A key set whose issuer and clock the test controls. */
function keySet() {
  const issuer = { answer: (): unknown => ({ keys: [first] }), fetches: 0 };
  const clock = { now: 0 };
  const log = new PassThrough();
  const outcomes: string[] = [];
  const keys = new KeySet({
    logger: createLogger({ name: 'test', level: 'info' }, log),
    now: () => clock.now,
    fetch: async () => {
      issuer.fetches += 1;
      return issuer.answer();
    },
    onFetched: (outcome) => outcomes.push(outcome),
  });
  const verify = (name: keyof typeof TOKENS) =>
    keys.verify(TOKENS[name], { currentDate: new Date(1_800_000_000_000) });
  const lines = () =>
    String(log.read() ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { level: number; msg: string });
  return { keys, issuer, clock, verify, lines, outcomes };
}

const down = () => {
  throw new Error('connection refused');
};

describe('the keys', () => {
  it('that were never fetched lead to 503, not 401', async () => {
    const { keys, issuer, verify } = keySet();
    issuer.answer = down;
    expect(await keys.refresh()).toBe(false);
    await expect(verify('first')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(keys.check()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('are awaited while they are being fetched', async () => {
    const { keys, verify } = keySet();
    void keys.refresh();
    await expect(verify('first')).resolves.toBeDefined();
  });

  it.each<[string, () => unknown]>([
    ['refuses', down],
    ['answers HTML', () => '<html>'],
    ['answers nothing', () => undefined],
    ['answers null', () => null],
    ['answers an empty set', () => ({ keys: [] })],
    ['answers another shape', () => ({ keys: 'none' })],
    ['answers a list of nothing', () => ({ keys: [null, 7, 'x', {}] })],
    ['answers keys that cannot be read', () => ({ keys: [{ ...first, n: '?' }] })],
    ['answers secret keys', () => ({ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'first' }] })],
    ['publishes its private key', () => ({ keys: [{ ...first, d: 'AQAB' }] })],
  ])('stay for 24 h when the issuer %s, and not longer', async (_, answer) => {
    const { keys, issuer, clock, verify } = keySet();
    await keys.refresh();
    issuer.answer = answer;
    clock.now = 24 * HOUR - 1;
    expect(await keys.refresh()).toBe(false);
    await expect(verify('first')).resolves.toBeDefined();
    const { version } = keys;
    clock.now = 24 * HOUR;
    await expect(verify('first')).rejects.toMatchObject({ code: 'unavailable' });
    // Otherwise tokens that were verified before would be accepted for longer.
    expect(keys.version).not.toBe(version);
    issuer.answer = () => ({ keys: [first] });
    await keys.refresh();
    await expect(verify('first')).resolves.toBeDefined();
  });

  it('that were rotated in are fetched when a token first names one', async () => {
    const { keys, issuer, clock, verify } = keySet();
    await keys.refresh();
    const { version } = keys;
    issuer.answer = () => ({ keys: [first, second] });
    clock.now = 5_000;
    await expect(verify('second')).resolves.toBeDefined();
    expect(keys.version).toBe(version + 1);
  });

  // It was refused for five minutes.
  it('that were rotated in without an id are fetched for the first token of such a key', async () => {
    const { keys, issuer, clock, verify } = keySet();
    const { kid: _, ...unnamed } = first;
    issuer.answer = () => ({ keys: [unnamed] });
    await keys.refresh();
    issuer.answer = () => ({ keys: [third] });
    clock.now = 5_000;
    await expect(verify('unnamed')).resolves.toBeDefined();
  });

  it('that do not exist cost at most one fetch in 5 s', async () => {
    const { keys, issuer, clock, verify } = keySet();
    await keys.refresh();
    clock.now = 4_999;
    await expect(verify('odd')).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    await expect(verify('unnamed')).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
    expect(issuer.fetches).toBe(1);
    clock.now = 5_000;
    await Promise.allSettled([1, 2, 3].flatMap(() => [verify('odd'), verify('unnamed')]));
    expect(issuer.fetches).toBe(2);
  });

  it('that do not exist cost at most one fetch in 5 s, also while each fetch fails', async () => {
    const { keys, issuer, clock, verify } = keySet();
    await keys.refresh();
    issuer.answer = down;
    clock.now = 5_000;
    for (const _ of [1, 2, 3]) await expect(verify('odd')).rejects.toThrow();
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

  it('have an age, from the start until they are fetched', async () => {
    const { keys, issuer, clock, outcomes } = keySet();
    issuer.answer = down;
    clock.now = 7_000;
    await keys.refresh();
    expect(keys.ageMs).toBe(7_000);
    issuer.answer = () => ({ keys: [first] });
    await keys.refresh();
    clock.now = 9_000;
    expect(keys.ageMs).toBe(2_000);
    expect(outcomes).toEqual(['failed', 'ok']);
  });
});

it('an outage of the issuer is a line when it begins, when the keys become too old, and when it ends', async () => {
  const { keys, issuer, clock, lines } = keySet();
  await keys.refresh();
  await keys.refresh();
  expect(lines()).toMatchObject([{ level: 30, keys: ['first'], changed: true }]);
  issuer.answer = down;
  for (const hour of [1, 2, 24, 25]) {
    clock.now = hour * HOUR;
    await keys.refresh();
  }
  expect(lines()).toMatchObject([
    { level: 40, ageSeconds: 3_600, err: { message: 'connection refused' } },
    { level: 50, ageSeconds: 86_400, msg: 'there are no token keys: every request with a token gets 503' },
  ]);
  issuer.answer = () => ({ keys: [first] });
  await keys.refresh();
  expect(lines()).toMatchObject([{ level: 30, changed: false }]);
});
