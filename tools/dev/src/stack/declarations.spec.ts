import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Problem } from '../../bootstrap/problem.mjs';
import { DeclaredWorkspace, REWARDS } from '../testing/declared-workspace.ts';
import { readDeclarations } from './declarations.ts';

let workspace: DeclaredWorkspace;
beforeEach(() => void (workspace = new DeclaredWorkspace()));
afterEach(() => workspace[Symbol.dispose]());

const declare = (changes: object) => workspace.write('apps/rewards/app.json', { ...REWARDS, ...changes });

/** The mistakes found in the declarations, one a line. */
function mistakes(): string[] {
  try {
    readDeclarations(workspace.root);
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.message.split('\n✗ ');
  }
}

describe('declarations', () => {
  it('of another workspace are read in the order in which its apps stop', () => {
    const names = readDeclarations(workspace.root).map(({ name }) => name);
    const stopped = names.filter((name) => ['gateway', 'orders', 'rewards'].includes(name));
    expect(stopped).toEqual(['gateway', 'orders', 'rewards']);
  });

  it('leave out what a build left behind', () => {
    workspace.write('apps/gone/dist/main.js', '');
    expect(mistakes()).toEqual([]);
  });

  it.each([
    ['no name of its folder', { name: 'points' }, 'name: must be "rewards", as its folder, not "points"'],
    [
      'the name of another app',
      { name: 'fulfillment' },
      'name: "fulfillment" is taken by apps/fulfillment; it must be "rewards", as its folder',
    ],
    [
      'a port of another app',
      { ports: { http: 3002, management: 9112 } },
      'ports.http: 3002 is ports.http of fulfillment too',
    ],
    [
      'a port of another kind',
      { ports: { http: 9102, management: 9112 } },
      'ports.http: 9102 is ports.management of fulfillment too',
    ],
    [
      'one port twice',
      { ports: { http: 3012, management: 3012 } },
      'ports.management: 3012 is ports.http too',
    ],
    [
      "the issuer's port",
      { ports: { http: 3003, management: 9112 } },
      'ports.http: 3003 is the port of the dev issuer',
    ],
    [
      'no port at all',
      { ports: { http: 70_000, management: 9112 } },
      'ports.http: Too big: expected number to be <=65535',
    ],
    ['an unknown event', { consumes: ['orders.lost'] }, 'consumes: orders.lost is published by nobody'],
    [
      'an event without contract',
      { publishes: ['points.earned'] },
      'publishes: points.earned is not among EVENTS of libs/contracts/events',
    ],
    [
      'an event of another app',
      { publishes: ['orders.created'] },
      'publishes: the stream of orders.* is that of orders too',
    ],
    [
      'an RPC that nobody serves',
      { calls: ['points.v1.Points'] },
      'calls: points.v1.Points is served by no other app',
    ],
    [
      'a single RPC that its service does not have',
      { calls: ['orders.v1.Orders/DropOrders'] },
      'calls: orders.v1.Orders/DropOrders is in no .proto of libs/contracts',
    ],
    [
      'an RPC that another app serves',
      { ports: { ...REWARDS.ports, grpc: 50062 }, serves: ['orders.v1.Orders'] },
      'serves: orders.v1.Orders is served by orders too',
    ],
    [
      'an RPC without contract',
      { ports: { ...REWARDS.ports, grpc: 50062 }, serves: ['orders.v1.Points'] },
      'serves: orders.v1.Points is in no .proto of libs/contracts',
    ],
    [
      'a gRPC port for nothing',
      { ports: { ...REWARDS.ports, grpc: 50062 } },
      'ports.grpc: nothing is served there',
    ],
    [
      'an effect that is shown nowhere',
      { ports: { management: 9112 } },
      'effect: needs ports.http to be shown at',
    ],
    ['an unknown key', { team: 'x' }, 'Unrecognized key: "team"'],
  ])('refuse %s', (_what, changes, reason) => {
    declare(changes);
    expect(mistakes()).toEqual([`apps/rewards/app.json: ${reason}`]);
  });

  it('let each consumer serve its own inbox', () => {
    declare({ ports: { ...REWARDS.ports, grpc: 50062 }, serves: ['inbox.v1.Inbox'] });
    expect(mistakes()).toEqual([]);
  });

  it('refuse a consumer without a database', () => {
    declare({ database: false, effect: undefined });
    expect(mistakes()).toEqual([
      'apps/rewards/app.json: database: must be true for the inbox of what it consumes',
      'apps/rewards/app.json: database: is false, though there is apps/rewards/src/migrate.ts',
    ]);
  });

  it('refuse events of two streams', () => {
    declare({ publishes: ['points.earned', 'gifts.sent'] });
    expect(mistakes()).toContain(
      'apps/rewards/app.json: publishes: all must begin with the same word, not points and gifts',
    );
  });

  it.each([
    ['inbox', 'libs/inbox'],
    ['bench', 'tools/bench'],
    ['start', 'npm run start'],
    ['postgres', 'a server of npm start'],
    ['operator', 'a user of NATS'],
  ])('refuse the name %s, which is taken', (name, owner) => {
    cpSync(join(workspace.root, 'apps/rewards'), join(workspace.root, 'apps', name), { recursive: true });
    workspace.write(`apps/${name}/app.json`, { ...REWARDS, name, ports: { http: 3013, management: 9113 } });
    expect(mistakes()).toContain(`apps/${name}/app.json: name: "${name}" is taken by ${owner}`);
  });

  // The first version said that fulfillment has a port of fulfillment too.
  it('name only the wrong name of a copy that nobody has edited yet', () => {
    workspace.write('apps/rewards/app.json', workspace.read('apps/fulfillment/app.json'));
    expect(mistakes()).toEqual([
      'apps/rewards/app.json: name: "fulfillment" is taken by apps/fulfillment; it must be "rewards", as its folder',
    ]);
  });

  it('refuse a chart with the name of another app', () => {
    workspace.write('helm/rewards/Chart.yaml', 'name: fulfillment\ntype: application\n');
    expect(mistakes()).toEqual(['helm/rewards/Chart.yaml: name: must be rewards, not fulfillment']);
  });

  it('refuse a file that is no JSON', () => {
    workspace.write('apps/rewards/app.json', '{ "name": ');
    expect(mistakes()).toEqual([expect.stringMatching(/^apps\/rewards\/app\.json: is no JSON: .+$/)]);
  });

  it('name every mistake at once', () => {
    declare({ ports: { http: 3002, management: 9102 }, consumes: ['orders.lost'] });
    expect(mistakes()).toHaveLength(3);
  });

  it.each([
    ['apps/rewards/app.json', 'apps/rewards/app.json: is missing: an app declares itself there'],
    ['apps/rewards/package.json', 'apps/rewards/package.json: is missing: each folder of apps is a package'],
    ['apps/rewards/src/migrate.ts', 'apps/rewards/src/migrate.ts: is missing: its database is declared'],
    [
      'apps/rewards/src/migrations',
      'apps/rewards/src/migrations: has no migration: its database is declared',
    ],
    ['helm/rewards', 'helm/rewards/Chart.yaml: is missing: each app has a chart'],
    ['apps/rewards', 'helm/rewards/Chart.yaml: name: there is no app rewards'],
  ])('notice that %s is missing', (path, line) => {
    workspace.remove(path);
    expect(mistakes()).toEqual([line]);
  });

  it('notice a package that is not that of its folder, and an app without boundaries', () => {
    const manifest = workspace.read('apps/fulfillment/package.json');
    workspace.write('apps/rewards/package.json', manifest.replace('"type:app",', ''));
    expect(mistakes()).toEqual([
      'apps/rewards/package.json: name: must be @orders/rewards',
      'apps/rewards/package.json: nx.name: must be rewards',
      'apps/rewards/package.json: nx.tags: type:app is missing, and with it the boundaries of an app',
    ]);
  });
});
