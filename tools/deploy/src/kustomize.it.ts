import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import { stringify } from 'yaml';
import { ChartRenders, find } from './chart-renders.ts';
import { mistakesIn } from './charts/rendered-mistakes.ts';
import { CHARTS, kubectlBinary } from './helm.ts';
import { parseManifests, type Manifest } from './manifests.ts';
import { run } from './run.ts';

let renders: ChartRenders;
let kubectl: string;

beforeAll(async () => {
  renders = await ChartRenders.make();
  kubectl = await kubectlBinary();
}, 240_000);

afterAll(() => renders?.[Symbol.asyncDispose]());

/** What a team patches in an overlay over the rendered chart. */
async function overlay(chart: string, patch: object): Promise<Manifest[]> {
  const folder = await mkdtemp(join(tmpdir(), 'orders-overlay-'));
  const write = (file: string, content: object) => writeFile(join(folder, file), stringify(content));
  try {
    const rendered = renders.of(`${chart} with values.yaml`);
    await writeFile(join(folder, 'rendered.yaml'), rendered.map((each) => stringify(each)).join('---\n'));
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: chart } };
    await write('patch.yaml', { ...target, spec: { template: { spec: patch } } });
    await write('kustomization.yaml', { resources: ['rendered.yaml'], patches: [{ path: 'patch.yaml' }] });
    return parseManifests(await run(kubectl, ['kustomize', folder]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe.each(CHARTS)('an overlay over %s', (chart) => {
  const containerOf = (manifests: readonly Manifest[]) => {
    const pod = find<IDeployment>(manifests, 'Deployment').spec?.template.spec;
    const container = pod?.containers.find(({ name }) => name === chart);
    if (!container) throw new Error('no container');
    return container;
  };

  it('that adds a variable, a mount and a sidecar keeps the container whole', async () => {
    const before = containerOf(renders.of(`${chart} with values.yaml`));
    const sidecar = { ...structuredClone(before), name: 'sidecar', image: 'sidecar:1' };
    const patched = await overlay(chart, {
      volumes: [{ name: 'extra', emptyDir: {} }],
      containers: [
        {
          name: chart,
          env: [{ name: 'EXTRA', value: '1' }],
          volumeMounts: [{ name: 'extra', mountPath: '/extra' }],
        },
        sidecar,
      ],
    });
    const after = containerOf(patched);
    const without = <T>(list: readonly T[] | undefined, isAdded: (each: T) => boolean) =>
      list?.filter((each) => !isAdded(each)) ?? [];
    expect({
      ...after,
      env: without(after.env, ({ name }) => name === 'EXTRA'),
      volumeMounts: without(after.volumeMounts, ({ name }) => name === 'extra'),
    }).toEqual({ ...before, env: before.env ?? [] });
    expect(mistakesIn(patched)).toEqual([]);
  });

  it('that replaces envFrom takes the app its configuration: extraEnvFrom is the way', async () => {
    const replaced = await overlay(chart, {
      containers: [{ name: chart, envFrom: [{ secretRef: { name: 'extra' } }] }],
    });
    expect(containerOf(replaced).envFrom).toEqual([{ secretRef: { name: 'extra' } }]);
    const values = await renders.render(chart, '--set', 'extraEnvFrom[0].secretRef.name=extra');
    expect(containerOf(values).envFrom).toEqual([
      { configMapRef: { name: chart } },
      { secretRef: { name: 'extra' } },
    ]);
  });
});
