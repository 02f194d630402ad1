import type { App } from './app.ts';
import type { Replicas } from './apps.ts';
import type { StackSecurity } from './security.ts';
import type { Servers } from './site.ts';
import { until } from './until.ts';

/**
 * Replaces the CA and every certificate of a running system. Servers and apps take each step's files before the next one:
 * at any time every two of them trust each other.
 *
 * @throws when it is insecure, or a process does not take the files within ten seconds
 */
export async function rotateCertificates(
  security: StackSecurity | undefined,
  { postgres, nats, replicas }: Servers & { replicas: Replicas },
): Promise<void> {
  if (!security) throw new Error('an insecure system has no certificates');
  const nodes = nats.cluster?.nodes ?? (nats.server ? [nats.server] : []);
  const apps = Object.values(replicas).flat();
  const before = await Promise.all(apps.map(rotationsOf));
  let steps = 0;
  await security.certificates.rotate(async () => {
    steps += 1;
    await Promise.all([postgres.server?.reload(), ...nodes.map((node) => node.reload())]);
    await Promise.all(apps.map((app, index) => hasTaken(app, before[index]! + steps)));
  });
}

function hasTaken(app: App, rotations: number): Promise<boolean> {
  const taken = async () => (await rotationsOf(app)) >= rotations;
  return until(taken, { timeoutMs: 10_000, everyMs: 200, what: `new certificates in ${app.name}` });
}

/** How often an app has taken other files since its start. */
async function rotationsOf({ name, management }: App): Promise<number> {
  const metrics = await (await fetch(`${management}/metrics`)).text();
  const [, count] = /^tls_rotations_total\S* (\d+)/m.exec(metrics) ?? [];
  if (count === undefined) throw new Error(`${name} has no certificates`);
  return Number(count);
}
