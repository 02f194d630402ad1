import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { appEnvironments } from '../stack/topology.ts';
import { observabilityFiles } from '../observability/files.ts';
import { readDeclarations } from '../stack/declarations.ts';
import { portsFrom } from '../stack/ports.ts';
import { DeclaredWorkspace, REWARDS } from '../testing/declared-workspace.ts';
import { DERIVED_FILES, staleFiles, writeDerivedFiles } from './derived-files.ts';
import { replaceRegion } from './regions.ts';

it('the files derived from the declarations are up to date: npm run generate', () => {
  expect(staleFiles()).toEqual([]);
});

describe('with one more app', () => {
  let workspace: DeclaredWorkspace;
  beforeEach(() => void (workspace = new DeclaredWorkspace()));
  afterEach(() => workspace[Symbol.dispose]());

  const write = () => writeDerivedFiles(workspace.root);

  it('every derived file is stale, and is written once', () => {
    workspace.write('apps/rewards/src/cli.ts', '');
    workspace.write('apps/rewards/app.json', { ...REWARDS, calls: ['orders.v1.Orders/GetOrder'] });
    const stale = [...DERIVED_FILES, ...Object.keys(observabilityFiles(readDeclarations(workspace.root)))];
    expect(staleFiles(workspace.root)).toEqual(stale);
    expect(write()).toEqual(stale);
    expect(write()).toEqual([]);
  });

  it('it has dashboards and alerts, and those of an app that is gone are removed', () => {
    write();
    workspace.write('deploy/observability/dashboards/app-gone.json', {});
    expect(write()).toEqual(['deploy/observability/dashboards/app-gone.json']);
    expect(write()).toEqual([]);
    for (const name of ['app-rewards', 'consumer-rewards'])
      expect(workspace.read(`deploy/observability/dashboards/${name}.json`)).toContain('rewards');
    const rules = workspace.read('deploy/observability/rules.yaml');
    expect(rules).toContain('absent(up{job="rewards"} == 1)');
    expect(rules).toContain('absent(consumer_lag{job="rewards"})');
  });

  it('its command line is an npm script, and one that is gone is none', () => {
    workspace.write('apps/rewards/src/cli.ts', '');
    write();
    const { scripts } = JSON.parse(workspace.read('package.json')) as { scripts: Record<string, string> };
    expect(scripts).toHaveProperty('rewards', 'node tools/dev/bootstrap.mjs cli rewards');
    expect(scripts).not.toHaveProperty('orders');
    expect(scripts).toHaveProperty('start');
  });

  it('compose gives each app the environment of npm start, with the hosts of compose', () => {
    write();
    const { services, configs } = parse(workspace.read('docker/compose.yaml'), { merge: true });
    const apps = readDeclarations(workspace.root);
    const environments = appEnvironments(apps, portsFrom({}, apps).ports, {
      database: (name) => `postgres://postgres:postgres@postgres:5432/${name}`,
      nats: 'nats://nats:4222',
      issuer: {
        url: 'http://127.0.0.1:${ISSUER_PORT:-3003}/orders',
        jwksUrl: 'http://issuer:3003/orders/jwks',
      },
    });
    for (const { name } of apps) {
      const { HOST: _host, ...variables } = environments[name] ?? {};
      const expected = Object.entries(variables).map(([key, value]) => [
        key,
        key === 'ORDERS_ADDRESS' ? 'orders:50051' : value.replaceAll(/([\w-]+)=127\.0\.0\.1:/g, '$1=$1:'),
      ]);
      // The network of compose is not loopback.
      const { SHUTDOWN_WAIT_MS: _wait, OIDC_ALLOW_HTTP: _http, ...environment } = services[name].environment;
      const texts = Object.entries(environment).map(([key, value]) => [key, String(value)]);
      expect({ name, environment: Object.fromEntries(texts) }).toEqual({
        name,
        environment: Object.fromEntries(expected),
      });
    }
    expect(services['rewards'].depends_on).toHaveProperty('rewards-migrate');
    expect(services['rewards'].ports).toContain('127.0.0.1:${REWARDS_MANAGEMENT_PORT:-9112}:9112');
    expect(configs.databases.content).toContain('CREATE DATABASE "rewards";');
  });

  it('the servers of what it calls allow it to, a single RPC or the whole service', () => {
    workspace.write('apps/rewards/app.json', { ...REWARDS, calls: ['orders.v1.Orders/GetOrder'] });
    write();
    const callers = () => workspace.read('libs/contracts/rpc/src/callers.ts');
    expect(callers()).toContain(
      "  'orders.v1.Orders': ['gateway'],\n  'orders.v1.Orders/GetOrder': ['ops', 'rewards'],\n",
    );
    workspace.write('apps/rewards/app.json', { ...REWARDS, calls: ['orders.v1.Orders'] });
    write();
    expect(callers()).toContain("  'orders.v1.Orders': ['gateway', 'rewards'],\n");
  });

  it('the documents show its address and its events', () => {
    write();
    expect(workspace.read('README.md')).toMatch(
      /^\| `apps\/rewards` .*3012\/points\/\{orderId\} \(`REWARDS_PORT`\)/m,
    );
    const architecture = workspace.read('docs/architecture.md');
    expect(architecture).toContain('orders -.->|orders.created| rewards\n');
    expect(architecture).toMatch(/^\| rewards .*`orders.created` *\| its own/m);
  });

  it('nothing is written while a declaration is wrong', () => {
    workspace.write('apps/rewards/app.json', { ...REWARDS, consumes: ['orders.lost'] });
    expect(write).toThrow('apps/rewards/app.json: consumes: orders.lost is published by nobody');
  });
});

describe('a generated region', () => {
  const text = 'a\n# generated from apps/NAME/app.json by `npm run generate`: b\nold\n# end of b\nc\n';

  it('is the text between its marks', () => {
    const changed = replaceRegion(text, 'b', 'new\nlines');
    expect(changed).toBe(text.replace('old', 'new\nlines'));
    expect(replaceRegion(changed, 'b', 'old')).toBe(text);
  });

  it('that has no marks is an error', () => {
    expect(() => replaceRegion(text, 'c', '')).toThrow('no marks of a generated region "c"');
  });
});
