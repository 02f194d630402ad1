import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

interface Alert {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
}

const root = resolve(import.meta.dirname, '../../..');
const text = (file: string) => readFileSync(join(root, file), 'utf8');
const { groups } = parse(text('docs/alerts.yaml')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);

/** The metrics that the apps export, and the series of a histogram. */
const exported = new Set(
  [...text('docs/metrics.md').matchAll(/^\| `(\w+)` +\| (\w+)/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? ['count', 'sum', 'bucket'].map((suffix) => `${name}_${suffix}`) : name,
  ),
);

/** As GitHub makes the anchors of headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(alerts)('the alert $alert', ({ expr, labels, annotations }) => {
  it('asks for metrics that the apps export', () => {
    const names = expr.replaceAll(/\{[^}]*\}|\([a-z, ]+\)/g, '').match(/[a-z]+(_[a-z]+)+/g) ?? [];
    const metrics = names.filter((name) => name !== 'min_over_time');
    expect(metrics).not.toEqual([]);
    expect(metrics.filter((name) => !exported.has(name))).toEqual([]);
  });

  it('has a severity and a summary', () => {
    expect(labels.severity).toMatch(/^(critical|warning)$/);
    expect(annotations.summary).toMatch(/\S/);
  });

  it('refers to a place in the documents that exists', () => {
    const [file = '', anchor] = annotations.runbook.split('#');
    expect(existsSync(join(root, file))).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(text(file))).toContain(anchor);
  });
});

it('the alerts have different names', () => {
  const names = alerts.map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
});

it('a counter is exported with _total, a gauge as it is', () => {
  expect(exported).toContain('outbox_rewinds_total');
  expect(exported).toContain('tls_certificate_expiry_seconds');
});
