import { consumerAlerts, outboxAlerts } from './delivery-alerts.ts';
import { objectiveGroups } from './objectives.ts';
import { processAlerts, securityAlerts } from './process-alerts.ts';
import { type Alert, alertingRule, type RuleGroup, type Subject } from './rule.ts';
import { REAL_TIME } from './time-scale.ts';

/** The rules of Prometheus for these apps. Each is scraped as the job of its name. */
export function ruleGroups(apps: Subject['apps'], scale = REAL_TIME): RuleGroup[] {
  const subject = { apps, scale };
  const group = (name: string, alerts: readonly Alert[]): RuleGroup => ({
    name,
    rules: alerts.map((alert) => alertingRule(alert, scale)),
  });
  return [
    ...objectiveGroups(subject),
    group('outbox', outboxAlerts(subject)),
    group('consumers', consumerAlerts(subject)),
    group('processes', processAlerts(subject)),
    group('security', securityAlerts(subject)),
  ];
}
