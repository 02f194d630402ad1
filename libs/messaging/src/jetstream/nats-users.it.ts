import { afterEach, describe, expect, it } from '@jest/globals';
import { nkeys } from '@nats-io/transport-node';
import { eventually } from '@orders/resilience/testing/eventually';
import { readConfig } from '@orders/service';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfiguredNats, type NatsConfiguration } from '../testing/configured-nats.js';
import { credsOf, recordingLog, seedOf, signedJwt } from '../testing/fixtures.js';
import { natsConfig, oneNatsUser } from './nats-config.js';
import { NatsLink } from './nats-link.js';

const schema = z.object(natsConfig).superRefine(oneNatsUser);

const opened: NatsLink[] = [];
afterEach(async () => {
  for (const link of opened.splice(0)) await link.close();
});

function openLink(env: Record<string, string>) {
  const logger = recordingLog();
  const link = new NatsLink({ config: readConfig(schema, env), name: 'orders', logger });
  opened.push(link);
  return { link, logger };
}

/** The server's name of the user as whom a link is connected. */
async function userOf(link: NatsLink): Promise<string> {
  const connection = await link.connection();
  const answer = await connection.request('$SYS.REQ.USER.INFO');
  return answer.json<{ data: { user: string } }>().data.user;
}

const withUsers = (...users: object[]): NatsConfiguration => ({ authorization: { users } });
const ORDERS = { user: 'orders', password: '42p@ss/w?r#d' };

describe('a NATS user', () => {
  it('may have a password with special characters and digits in front, in NATS_URL or a variable', async () => {
    await using server = await ConfiguredNats.start(withUsers(ORDERS));
    const at = `localhost:${server.port}`;
    const environments = [
      { NATS_URL: `nats://orders:42p@ss/w?r#d@${at}` },
      { NATS_URL: `nats://orders:42p%40ss%2Fw%3Fr%23d@${at}` },
      { NATS_URL: `nats://${at}`, NATS_USER: 'orders', NATS_PASSWORD: '42p@ss/w?r#d' },
    ];
    const users = await Promise.all(environments.map((env) => userOf(openLink(env).link)));
    expect(users).toEqual(['orders', 'orders', 'orders']);
  });

  it('may be a token', async () => {
    await using server = await ConfiguredNats.start({ authorization: { token: '4222' } });
    const at = `localhost:${server.port}`;
    for (const env of [{ NATS_URL: `nats://4222@${at}` }, { NATS_URL: `nats://${at}`, NATS_TOKEN: '4222' }])
      await expect(openLink(env).link.connection()).resolves.toBeDefined();
  });

  it('may be an nkey', async () => {
    const user = nkeys.createUser();
    await using server = await ConfiguredNats.start(withUsers({ nkey: user.getPublicKey() }));
    const file = join(server.folder, 'seed');
    writeFileSync(file, seedOf(user));
    const { link } = openLink({ NATS_URL: `nats://localhost:${server.port}`, NATS_NKEY_SEED_FILE: file });
    expect(await userOf(link)).toBe(user.getPublicKey());
  });

  it('may be that of a creds file', async () => {
    const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
    const preloaded = signedJwt(operator, account, { type: 'account', limits: { subs: -1, conn: -1 } });
    await using server = await ConfiguredNats.start({
      jetstream: false,
      operator: signedJwt(operator, operator, { type: 'operator' }),
      resolver: 'MEMORY',
      resolver_preload: { [account.getPublicKey()]: preloaded },
    });
    const file = join(server.folder, 'creds');
    writeFileSync(file, credsOf(user, account));
    const { link } = openLink({ NATS_URL: `nats://localhost:${server.port}`, NATS_CREDS_FILE: file });
    await expect(link.connection()).resolves.toBeDefined();
  });
});

describe('a NATS server that refuses the user', () => {
  it('is reported once, without the password, until the user is there', async () => {
    await using server = await ConfiguredNats.start(withUsers({ user: 'other', password: 'p' }));
    const { link, logger } = openLink({
      NATS_URL: `nats://orders:my-secret@localhost:${server.port}`,
    });
    const refusal = 'NATS refuses user "orders": Authorization Violation';
    await expect(link.connection(2_000)).rejects.toThrow(refusal);
    expect(() => link.assertUsable()).toThrow(refusal);
    expect(() => link.problemOnceConnected()).toThrow(refusal);
    await server.reload(withUsers({ user: 'orders', password: 'my-secret' }));
    await link.connection();
    expect(() => link.assertUsable()).not.toThrow();
    const errors = logger.lines.filter(({ level }) => level === 'error');
    expect(errors).toEqual([{ level: 'error', message: refusal }]);
    expect(JSON.stringify(logger.lines)).not.toContain('my-secret');
  });

  it('is reported as well when it did not refuse it before, and the link returns by itself', async () => {
    await using server = await ConfiguredNats.start(withUsers(ORDERS));
    const { link, logger } = openLink({
      ...{ NATS_URL: `nats://localhost:${server.port}`, NATS_USER: 'orders' },
      NATS_PASSWORD: ORDERS.password,
    });
    const connection = await link.connection();
    await server.reload(withUsers({ ...ORDERS, password: 'another' }));
    await eventually('the reason', () => link.problem !== undefined);
    expect(link.problemOnceConnected()).toBe('NATS refuses user "orders": Authorization Violation');
    expect(() => link.assertUsable()).toThrow('NATS refuses user "orders"');
    await server.reload(withUsers(ORDERS));
    await eventually('the connection', () => link.problem === undefined);
    expect(await link.connection()).toBe(connection);
    const lost = logger.lines.filter(({ message }) => message === 'NATS disconnect');
    expect(lost).toHaveLength(1);
  });

  it('is told that the process has no user', async () => {
    await using server = await ConfiguredNats.start(withUsers(ORDERS));
    const { link } = openLink({ NATS_URL: `nats://localhost:${server.port}` });
    const refusal = 'NATS refuses a client with neither user nor certificate: Authorization Violation';
    await expect(link.connection(2_000)).rejects.toThrow(refusal);
  });
});
