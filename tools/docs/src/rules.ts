import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

export interface Alert {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
}

export const root = resolve(import.meta.dirname, '../../..');
export const text = (file: string) => readFileSync(join(root, file), 'utf8');

type Rule = Alert | { record: string; expr: string };
const { groups } = parse(text('deploy/observability/rules.yaml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

export const alerts = rules.filter((rule) => 'alert' in rule);
export const recordings = rules.filter((rule) => 'record' in rule);

/** The metrics that the apps export. */
export const exported = new Set(
  [...text('docs/metrics.md').matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name),
);

/** Names in an expression that should be metrics of the apps. Those of Prometheus itself, such as `up`, have no `_`. */
export function metricsIn(expr: string): string[] {
  const names = expr
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(by|on) \([^)]*\)/g, '')
    .matchAll(/(?<![:\w])([a-z]+(?:_[a-z0-9]+)+)(?![\w:]| *\()/g);
  return [...names].map(([, name = '']) => name.replace(/_(bucket|count|sum)$/, ''));
}
