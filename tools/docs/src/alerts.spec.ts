import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { alerts, exported, metricsIn, recordings, root } from './rules.ts';

const recorded = new Set(recordings.map(({ record }) => record));

describe.each(alerts)('the alert $alert ($labels.severity)', ({ alert, expr, labels, annotations }) => {
  it('asks for what the apps export or a rule records', () => {
    const series = expr.match(/slo:\w+:\w+/g) ?? [];
    const metrics = metricsIn(expr);
    expect([...series, ...metrics, ...(expr.match(/\bup\b/g) ?? [])]).not.toEqual([]);
    expect(series.filter((name) => !recorded.has(name))).toEqual([]);
    expect(metrics.filter((name) => !exported.has(name))).toEqual([]);
  });

  it('has a severity and a summary', () => {
    expect(labels.severity).toMatch(/^(critical|warning)$/);
    expect(annotations.summary).toMatch(/\S/);
  });

  it('has a runbook of its name', () => {
    const words = alert.split(/\B(?=[A-Z])/).join('-');
    expect(annotations.runbook).toBe(`docs/runbooks/${words.toLowerCase()}.md`);
    expect(existsSync(join(root, annotations.runbook))).toBe(true);
  });
});

it.each(recordings)('$record is made of what the apps export', ({ expr }) => {
  expect(metricsIn(expr)).not.toEqual([]);
  expect(metricsIn(expr).filter((name) => !exported.has(name))).toEqual([]);
});

it('alerts of one name have different severities, or are of different apps', () => {
  const keys = alerts.map(({ alert, labels, expr }) => `${alert} ${labels.severity} ${expr}`);
  expect(new Set(keys).size).toBe(keys.length);
});

it('a counter is exported with _total, a gauge as it is', () => {
  expect(exported).toContain('outbox_rewinds_total');
  expect(exported).toContain('tls_certificate_expiry_seconds');
});

it('the metrics of an expression are found', () => {
  const expr =
    'sum by (job_name) (rate(a_b_bucket{c_d="e_f"}[5m])) > 1 unless on (x_y) max_over_time(g_h[1m])';
  expect(metricsIn(expr)).toEqual(['a_b', 'g_h']);
});
