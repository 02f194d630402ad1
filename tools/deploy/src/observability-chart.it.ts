import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ROOT } from '@orders/dev/stack/paths';
import { resolvePromtool } from '@orders/dev/stack/promtool';
import type { IConfigMap } from 'kubernetes-models/v1';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { find } from './chart-renders.ts';
import { Helm } from './helm.ts';
import { type Manifest, parseManifests, problemsOf } from './manifests.ts';
import { run } from './run.ts';

let helm: Helm;
let manifests: Manifest[];

beforeAll(async () => {
  helm = await Helm.prepare();
  const values = 'prometheusRule.runbookUrl=https://git.example.com/orders';
  manifests = parseManifests(
    await helm.ok('template', 'observability', helm.chart('observability'), '--set', values),
  );
}, 240_000);

afterAll(() => helm?.[Symbol.asyncDispose]());

interface Rules {
  spec: { groups: { rules: { alert?: string; annotations?: { runbook: string } }[] }[] };
}

it('the chart of rules and dashboards is one that helm and the API take', async () => {
  await helm.ok('lint', '--strict', helm.chart('observability'));
  expect(problemsOf(manifests)).toEqual([]);
});

it('its rules are those of Prometheus, and each alert has a runbook with an address', async () => {
  const { spec } = find<Rules>(manifests, 'PrometheusRule');
  const folder = mkdtempSync(join(tmpdir(), 'orders-rules-'));
  writeFileSync(join(folder, 'rules.yaml'), stringify(spec));
  expect(await run(await resolvePromtool(), ['check', 'rules', join(folder, 'rules.yaml')])).toContain(
    'SUCCESS',
  );
  rmSync(folder, { recursive: true });
  const alerts = spec.groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);
  expect(alerts.length).toBeGreaterThan(0);
  for (const { annotations } of alerts)
    expect(annotations?.runbook).toMatch(/^https:\/\/git\.example\.com\/orders\/docs\//);
});

it('each dashboard of the chart is a ConfigMap with the label that Grafana looks for', () => {
  const files = readdirSync(join(ROOT, 'helm/observability'), { recursive: true }).filter((file) =>
    String(file).startsWith('dashboards/'),
  );
  const maps = manifests.filter(({ kind }) => kind === 'ConfigMap') as (Manifest & IConfigMap)[];
  expect(maps).toHaveLength(files.length);
  for (const { metadata, data } of maps) {
    expect(metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    for (const text of Object.values(data ?? {})) expect(JSON.parse(text)).toHaveProperty('panels');
  }
});

it('the files of the chart and of the engines are generated: npm run generate', async () => {
  const stale = await run(process.execPath, [join(import.meta.dirname, 'charts/generate.ts'), '--check']);
  const files = stale.split('\n').filter((file) => /^(helm\/observability|deploy)\//.test(file));
  expect(files).toEqual([]);
}, 120_000);
