import type { AppDeclaration } from '../stack/declarations.ts';
import { span, type Span, type TimeScale } from './time-scale.ts';

/** What rules are made for. */
export interface Subject {
  readonly apps: readonly AppDeclaration[];
  readonly scale: TimeScale;
}

/** `critical`: somebody acts now. `warning`: somebody acts today. */
export type Severity = 'critical' | 'warning';

export interface Alert {
  readonly alert: string;
  readonly severity: Severity;
  readonly expr: string;
  /** How long the expression must be true before it fires. Default: it fires at once. */
  readonly lasting?: Span;
  /** A template of Prometheus. */
  readonly summary: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A rule as Prometheus reads it. */
export type Rule = AlertingRule | RecordingRule;

export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** The runbook of an alert, from the root of the repository: docs/runbooks/dead-letters.md for DeadLetters. */
export function runbookOf(alert: string): string {
  const words = alert.replaceAll(/\B[A-Z]/g, '-$&').toLowerCase();
  return `docs/runbooks/${words}.md`;
}

export function alertingRule(
  { alert, severity, expr, lasting, summary, labels }: Alert,
  scale: TimeScale,
): AlertingRule {
  return {
    alert,
    expr,
    ...(lasting && { for: lasting.text(scale) }),
    labels: { severity, ...labels },
    annotations: { summary, runbook: runbookOf(alert) },
  };
}

/** How long after its first occurrence an alert for something that happened goes on. */
const RECENTLY = span('15m');

/** Whether a counter has grown in the last 15 minutes. The apps export each from 0 on. */
export function hasGrown(counter: string, scale: TimeScale): string {
  return `increase(${counter}[${RECENTLY.text(scale)}]) > 0`;
}
