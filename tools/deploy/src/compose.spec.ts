import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { EVERY_APP } from '@orders/dev/stack/declarations';
import { ROOT } from '@orders/dev/stack/paths';
import { portsOf } from '@orders/dev/stack/wiring';
import { readDockerfile } from './dockerfile.ts';

interface Service {
  image: string;
  build?: { context: string; dockerfile: string; args: Record<string, string> };
  ports?: string[];
  volumes?: string[];
  healthcheck: { test: string[] };
  environment: Record<string, string>;
  depends_on: Record<string, { condition: string }>;
  stop_grace_period: string;
}
interface Compose {
  services: Record<string, Service>;
  configs: Record<string, { content: string }>;
}

const compose = parse(readFileSync(join(ROOT, 'docker/compose.yaml'), 'utf8'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const APP_NAMES = EVERY_APP.map(({ name }) => name);
const DATABASES = EVERY_APP.filter(({ database }) => database).map(({ name }) => name);
const migrations = DATABASES.map((name) => `${name}-migrate`);
const ours = services.filter(([, { build }]) => build !== undefined);

function serviceOf(name: string): Service {
  const service = compose.services[name];
  if (!service) throw new Error(`no service ${name}`);
  return service;
}

describe('docker/compose.yaml', () => {
  it('runs every app, its migrations and what they need', () => {
    const needed = ['postgres', 'nats', 'issuer'];
    expect(services.map(([name]) => name).sort()).toEqual([...APP_NAMES, ...migrations, ...needed].sort());
    expect(ours.map(([name]) => name).sort()).toEqual([...APP_NAMES, ...migrations].sort());
  });

  it.each(ours)('%s is built from the one Dockerfile and confined', (name, service) => {
    const app = name.replace('-migrate', '');
    expect(service.build).toEqual({ context: '..', dockerfile: 'docker/Dockerfile', args: { APP: app } });
    expect(service.image).toBe(`orders-platform/${app}:dev`);
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(service).not.toHaveProperty('privileged');
    expect(service).not.toHaveProperty('cap_add');
    expect(service).not.toHaveProperty('user');
  });

  it.each(APP_NAMES)('%s has the health check of its image', (name) => {
    const [instruction] = readDockerfile().getHEALTHCHECKs();
    const test: string[] = serviceOf(name).healthcheck.test.map((word: string) => word.replaceAll('$$', '$'));
    const [kind, ...command] = test;
    expect(kind).toBe('CMD');
    expect(JSON.parse(instruction?.getRawArgumentsContent()?.replace(/^.*?CMD\s*/s, '') ?? '')).toEqual(
      command,
    );
  });

  it.each(migrations)('%s runs once, when Postgres is healthy, and its app waits for it', (name) => {
    expect(serviceOf(name)).toMatchObject({
      command: ['app/dist/migrate.js'],
      restart: 'no',
      depends_on: { postgres: { condition: 'service_healthy' } },
    });
    expect(serviceOf(name.replace('-migrate', '')).depends_on).toMatchObject({
      [name]: { condition: 'service_completed_successfully' },
      nats: { condition: 'service_healthy' },
    });
  });

  it('offers nothing beyond the loopback interface', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports).toHaveLength([...EVERY_APP.flatMap(portsOf), 'issuer'].length);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const [, service] of services) expect(service).not.toHaveProperty('network_mode');
  });

  it('pins what it does not build, and keeps what has to last on volumes', () => {
    const others = services.filter(([, { build }]) => build === undefined);
    for (const [, { image }] of others) expect(image).toMatch(/:\d+\.\d+[\w.-]*$/);
    expect(serviceOf('postgres').volumes).toEqual(['postgres:/var/lib/postgresql']);
    expect(serviceOf('nats').volumes).toEqual(['nats:/data']);
    expect(compose.configs['nats']?.content).toMatch(/store_dir: \/data[^}]*sync_interval: 1s/);
  });

  it('has a NATS that is not older than 2.12.7', () => {
    const [, minor, patch] = /nats:2\.(\d+)\.(\d+)/.exec(serviceOf('nats').image)?.map(Number) ?? [];
    expect(Number(minor) * 1000 + Number(patch)).toBeGreaterThanOrEqual(12_007);
  });

  it('gets tokens that the gateway takes', () => {
    const issuer = serviceOf('issuer');
    const gateway = serviceOf('gateway');
    const [callback] = JSON.parse(
      (issuer.environment.JSON_CONFIG ?? '').replaceAll('$$', '$'),
    ).tokenCallbacks;
    const { claims } = callback.requestMappings[0];
    expect(claims).toEqual({
      sub: '${clientId}',
      aud: [gateway.environment.OIDC_AUDIENCE],
      scope: 'orders:read orders:write',
    });
    const [published] = issuer.ports as string[];
    expect(gateway.environment.OIDC_ISSUER).toBe(
      `http://${published?.replace(/:3003$/, '')}/${callback.issuerId}`,
    );
    expect(gateway.environment.OIDC_JWKS_URL).toBe(
      `http://issuer:${issuer.environment.SERVER_PORT}/${callback.issuerId}/jwks`,
    );
  });

  it('makes the databases that the apps are told to use', () => {
    for (const name of DATABASES) {
      expect(serviceOf(name).environment.DATABASE_URL).toMatch(new RegExp(`@postgres:5432/${name}$`));
      expect(compose.configs['databases']?.content).toContain(`CREATE DATABASE "${name}";`);
    }
  });

  it('gives an app longer to stop than it takes', () => {
    for (const name of APP_NAMES) expect(parseInt(serviceOf(name).stop_grace_period)).toBeGreaterThan(25);
  });
});
