import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { producersOf } from '@orders/dev/stack/event-flow';
import type { NatsServer } from '@orders/dev/stack/nats-server';
import type { NatsCluster } from '@orders/dev/stack/nats-cluster';
import type { Random } from '../random.ts';
import type { SystemUnderProof } from '../system-under-proof.ts';
import type { Fault, Injection } from './fault.ts';

/** Faults of the nodes of a NATS cluster. Targets are the leader of a stream, or any node. */
export function clusterFaults(apps: readonly AppDeclaration[]): Fault[] {
  const streams = [...new Set(producersOf(apps).map(({ stream }) => stream))];
  const targets = [...streams.map((stream) => `leader of ${stream}`), 'any node'];
  const fault = (rest: Pick<Fault, 'name' | 'durationMs' | 'begin'>): Fault => ({
    ...rest,
    targets,
    needs: 'cluster',
    component: () => 'nats-server',
  });
  return [
    fault({
      name: 'node killed',
      durationMs: [0, 4_000],
      begin: async (sut, injection) => {
        const node = await nodeOf(sut, injection);
        await node.kill();
        return () => node.start();
      },
    }),
    fault({
      name: 'node wiped',
      durationMs: [0, 4_000],
      begin: async (sut, injection) => {
        const node = await nodeOf(sut, injection);
        await node.kill();
        node.wipe();
        return () => node.start();
      },
    }),
    fault({
      name: 'node cut off',
      durationMs: [500, 6_000],
      begin: async (sut, injection) => {
        const cluster = clusterOf(sut);
        cluster.isolate(await nodeOf(sut, injection));
        return async () => cluster.heal();
      },
    }),
    fault({
      name: 'most nodes stopped',
      durationMs: [500, 3_000],
      begin: async (sut, injection) => {
        const first = await nodeOf(sut, injection);
        const second = injection.random.pick(clusterOf(sut).nodes.filter((node) => node !== first));
        await Promise.all([first.stop(), second.stop()]);
        return async () => void (await Promise.all([first.start(), second.start()]));
      },
    }),
  ];
}

function clusterOf({ system }: SystemUnderProof): NatsCluster {
  return system.nats.cluster!;
}

function nodeOf(sut: SystemUnderProof, { target, random }: Pick<Injection, 'target'> & { random: Random }) {
  const cluster = clusterOf(sut);
  const [, stream] = /^leader of (.*)$/.exec(target) ?? [];
  return stream === undefined
    ? Promise.resolve<NatsServer>(random.pick(cluster.nodes))
    : cluster.leaderOf(stream);
}
