import { type Alert, alertingRule, type RecordingRule, type RuleGroup, type Subject } from './rule.ts';
import { span, type Span, type TimeScale } from './time-scale.ts';

// Multi-window, multi-burn-rate alerts on error budgets of 30 days, with the numbers of table 5-8 of the Site Reliability
// Workbook (https://sre.google/workbook/alerting-on-slos/).

export interface Objective {
  /** Value of the label `slo`. */
  readonly name: string;
  /** What should come true, for people. */
  readonly promise: string;
  /** Part that may fail: 0.001 for 99.9 %. */
  readonly budget: number;
  /** Part that failed in a window such as `5m`: an expression. */
  readonly failed: (window: string) => string;
  readonly alert: string;
  /** What burns the budget: the beginning of the alert's summary. */
  readonly symptom: string;
}

/** Longest answer to POST /orders that is in time, in seconds: a bound of the histogram's buckets. */
const ANSWER_SECONDS = 0.5;
/** Longest time from the commit of an event to that of its effect that is in time: a bound of its buckets. */
const EFFECT_SECONDS = 30;

const CREATED = 'http_request_method="POST",http_route="/orders"';
const answers = (labels: string, window: string): string =>
  `rate(http_server_request_duration_seconds_count{${CREATED}${labels}}[${window}])`;
/** Refused before they are requests of a route. Those that a hook refuses count twice: as this and as a 503. */
const refused = (window: string): string => `rate(http_server_refused_total{lane="writes"}[${window}])`;
/** Prometheus 3 stores `30` as `30.0`. */
const upTo = (seconds: number): string => `le=~"${String(seconds).replace('.', '\\\\.')}(\\\\.0)?"`;

export const OBJECTIVES: readonly Objective[] = [
  {
    name: 'orders-availability',
    promise: '99.9 % of POST /orders are answered, and not with 5xx',
    budget: 0.001,
    failed: (window) =>
      `(sum(${answers(',http_response_status_code=~"5.."', window)} or ${refused(window)}) or vector(0))` +
      ` / (sum(${answers('', window)} or ${refused(window)}) > 0)`,
    alert: 'OrdersErrorBudgetBurn',
    symptom: 'POST /orders fails',
  },
  {
    name: 'orders-latency',
    promise: `99 % of the orders that are accepted are answered within ${ANSWER_SECONDS} s`,
    budget: 0.01,
    failed: (window) => {
      const created = `${CREATED},http_response_status_code=~"2.."`;
      const inTime = `rate(http_server_request_duration_seconds_bucket{${created},${upTo(ANSWER_SECONDS)}}[${window}])`;
      return `1 - sum(${inTime}) / (sum(${answers(',http_response_status_code=~"2.."', window)}) > 0)`;
    },
    alert: 'OrdersLatencyBudgetBurn',
    symptom: 'POST /orders is slow',
  },
  {
    name: 'effects-in-time',
    promise: `99 % of the events take effect in each consumer within ${EFFECT_SECONDS} s`,
    budget: 0.01,
    failed: (window) =>
      `1 - sum by (consumer) (rate(consumer_critical_time_seconds_bucket{${upTo(EFFECT_SECONDS)}}[${window}]))` +
      ` / (sum by (consumer) (rate(consumer_critical_time_seconds_count[${window}])) > 0)`,
    alert: 'EffectsLatencyBudgetBurn',
    symptom: 'Events take effect late in {{ $labels.consumer }}',
  },
];

interface Burn {
  readonly severity: 'critical' | 'warning';
  /** Times the rate that uses up the budget in exactly 30 days. */
  readonly rate: number;
  readonly long: Span;
  /** Ends the alert soon after the failures have ended. */
  readonly short: Span;
}

const BURNS: readonly Burn[] = [
  { severity: 'critical', rate: 14.4, long: span('1h'), short: span('5m') },
  { severity: 'critical', rate: 6, long: span('6h'), short: span('30m') },
  { severity: 'warning', rate: 1, long: span('3d'), short: span('6h') },
];

/** Name of the series with the part that failed in a window. */
export function failedSeries({ name }: Objective, window: Span): string {
  return `slo:failed:ratio_rate${window.name}{slo="${name}"}`;
}

export function objectiveGroups({ scale }: Subject): RuleGroup[] {
  const alerts = OBJECTIVES.flatMap((objective) => burnAlerts(objective));
  return [
    { name: 'objectives', rules: OBJECTIVES.flatMap((objective) => recordings(objective, scale)) },
    { name: 'objectives-alerts', rules: alerts.map((alert) => alertingRule(alert, scale)) },
  ];
}

function recordings({ name, failed }: Objective, scale: TimeScale): RecordingRule[] {
  const windows = new Map(BURNS.flatMap(({ short, long }) => [short, long]).map((one) => [one.name, one]));
  return [...windows.values()].map((window) => ({
    record: `slo:failed:ratio_rate${window.name}`,
    expr: failed(window.text(scale)),
    labels: { slo: name },
  }));
}

/** One alert for those who are called now, and one for working hours. */
function burnAlerts(objective: Objective): Alert[] {
  const { alert, symptom, budget } = objective;
  return (['critical', 'warning'] as const).map((severity) => ({
    alert,
    severity,
    expr: BURNS.filter((burn) => burn.severity === severity)
      .map(({ rate, long, short }) => {
        const limit = Number((rate * budget).toPrecision(6));
        return `(${failedSeries(objective, long)} > ${limit} and ${failedSeries(objective, short)} > ${limit})`;
      })
      .join(' or '),
    summary: `${symptom}: {{ $value | humanizePercentage }} of late, where ${percent(budget)} may`,
  }));
}

function percent(part: number): string {
  return `${Number((part * 100).toPrecision(3))}%`;
}
