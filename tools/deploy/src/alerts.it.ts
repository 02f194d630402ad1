import { afterAll, expect, it } from '@jest/globals';
import { RULES_FILE } from '@orders/dev/observability/files';
import { ROOT } from '@orders/dev/stack/paths';
import { resolvePromtool } from '@orders/dev/stack/promtool';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CASES } from './alert-cases.ts';
import { attempt, run } from './run.ts';

const RULES = join(ROOT, RULES_FILE);
const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: { alert?: string }[] }[] };
const rules = groups.flatMap((group) => group.rules);
const names = rules.flatMap(({ alert }) => alert ?? []);

const promtool = await resolvePromtool();
const folder = mkdtempSync(join(tmpdir(), 'orders-alerts-'));
afterAll(() => rmSync(folder, { recursive: true }));

const labelsOf = (fires: true | string) => (fires === true ? '{}' : `{severity="${fires}"}`);

/** Runs promtool once for some cases. @returns what it said of those that are wrong */
async function wrongOnes(cases: typeof CASES): Promise<string> {
  const tests = cases.map(([alert, , fires, series]) => ({
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `group${typeof fires === 'string' ? ' by (severity) ' : ''}(ALERTS{alertname="${alert}", alertstate="firing"})`,
        eval_time: '30m',
        exp_samples: fires ? [{ labels: labelsOf(fires), value: 1 }] : [],
      },
    ],
  }));
  const file = join(folder, 'alerts.test.yaml');
  writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
  const { code, stdout, stderr } = await attempt(promtool, ['test', 'rules', file]);
  return code === 0 ? '' : stdout + stderr;
}

it('Prometheus takes the rules', async () => {
  expect(await run(promtool, ['check', 'rules', RULES])).toContain(`${rules.length} rules found`);
});

it('each alert fires when it must, and only then', async () => {
  expect(await wrongOnes(CASES)).toBe('');
});

it('each alert has a case that fires and one that does not', () => {
  const having = (wanted: boolean) =>
    new Set(CASES.filter(([, , fires]) => (fires !== false) === wanted).map(([alert]) => alert));
  expect([having(true), having(false)]).toEqual([new Set(names), new Set(names)]);
});

it('a case that is wrong is noticed', async () => {
  expect(await wrongOnes([['Plaintext', 'is turned', false, { tls_enabled: '0x30' }]])).toContain(
    'Plaintext',
  );
});
