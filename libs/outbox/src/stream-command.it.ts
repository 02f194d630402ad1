import { afterEach, expect, it } from '@jest/globals';
import { natsUsers, OPERATOR, permissionsOf, PROVISIONER } from '@orders/contracts';
import { ConfiguredNats } from '@orders/messaging/testing';
import { Progress } from '@orders/service';
import { streamCommand } from './stream-command.js';

const EVENTS = ['orders.created'];
const USERS = natsUsers([{ name: 'orders', publishes: EVENTS, consumes: [] }]);
const VARIABLES = ['NATS_URL', 'NATS_USER', 'NATS_PASSWORD'];

afterEach(() => {
  for (const name of VARIABLES) delete process.env[name];
});

it.each([
  [PROVISIONER, 'apply'],
  [OPERATOR, 'apply'],
  [OPERATOR, 'show'],
])('the %s may run `stream %s` with exactly its rights, its own inbox included', async (user, action) => {
  const users = USERS.map((one) => ({
    ...{ user: one.name, password: 'p' },
    permissions: permissionsOf(one, false),
  }));
  await using server = await ConfiguredNats.start({ authorization: { users } });
  const values = [`nats://localhost:${server.port}`, user, 'p'];
  VARIABLES.forEach((name, index) => (process.env[name] = values[index]));
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const progress = new Progress({ write: () => true, isTTY: false });
  const cli = { print, signal: new AbortController().signal, progress, operator: 'me' };
  await streamCommand({ name: 'orders', events: EVENTS }).run([action], cli);
  expect(lines).toEqual([expect.stringMatching(action === 'apply' ? 'as declared' : 'no stream ORDERS')]);
  expect(server.log).not.toContain('Violation');
});
