import { consumersOf, producersOf } from '../stack/event-flow.ts';
import { type Alert, hasGrown, type Subject } from './rule.ts';
import { span } from './time-scale.ts';

/** From the log of an app that publishes into the stream. */
export function outboxAlerts({ apps, scale }: Subject): Alert[] {
  const waits = `outbox_oldest_pending_seconds > ${span('1m').in(scale)}`;
  return [
    {
      alert: 'EventsNotPublished',
      severity: 'critical',
      expr: waits,
      lasting: span('1m'),
      summary: 'An event of {{ $labels.instance }} has waited for {{ $value | humanizeDuration }}',
    },
    {
      alert: 'RelayHeldBack',
      severity: 'critical',
      expr: `outbox_held_back > 0 and ${waits}`,
      lasting: span('1m'),
      summary: 'An open transaction of Postgres holds {{ $value }} events back',
    },
    {
      alert: 'RelayWithoutHolder',
      severity: 'critical',
      expr: 'sum by (job) (outbox_lease_held) == 0',
      lasting: span('1m'),
      summary: 'No process of {{ $labels.job }} publishes its events',
    },
    ...producersOf(apps).map(({ name }): Alert => ({
      alert: 'OutboxUnknown',
      severity: 'critical',
      expr: unknown(`outbox_pending{job="${name}"}`, name),
      lasting: span('5m'),
      summary: `${name} cannot tell how many events wait: its database does not answer`,
    })),
    {
      alert: 'StreamLostEvents',
      severity: 'critical',
      expr: hasGrown('outbox_rewinds_total', scale),
      summary: 'The stream has lost events ({{ $labels.reason }}), and they are published again',
    },
    {
      alert: 'EventsNotProven',
      severity: 'critical',
      expr: hasGrown('outbox_publish_attempts_total{outcome="unproven"}', scale),
      summary: 'NATS acks events of {{ $labels.subject }} that the stream does not hold',
    },
  ];
}

/** From the stream into the effects of a consumer. */
export function consumerAlerts({ apps, scale }: Subject): Alert[] {
  const [tenMinutes] = [span('10m').text(scale)];
  return [
    {
      alert: 'ConsumerStalled',
      severity: 'critical',
      expr:
        `min by (consumer) (min_over_time(consumer_lag[${tenMinutes}])) > 0` +
        ` unless on (consumer) sum by (consumer) (increase(consumer_events_total[${tenMinutes}])) > 0`,
      lasting: span('1m'),
      summary: '{{ $labels.consumer }} has {{ $value }} events to read and has applied none for 10 minutes',
    },
    {
      alert: 'ConsumerFallsBehind',
      severity: 'warning',
      expr:
        'max by (consumer) (consumer_lag) > 1000' +
        ` and max by (consumer) (delta(consumer_lag[${tenMinutes}])) > 0`,
      lasting: span('10m'),
      summary: '{{ $labels.consumer }} is {{ $value }} events behind, and ever more',
    },
    ...consumersOf(apps).map(({ name }): Alert => ({
      alert: 'ConsumerLagUnknown',
      severity: 'critical',
      expr: unknown(`consumer_lag{job="${name}"}`, name),
      lasting: span('5m'),
      summary: `${name} cannot tell how far behind it is: NATS does not answer it`,
    })),
    {
      alert: 'DeadLetters',
      severity: 'warning',
      expr: hasGrown('consumer_events_total{outcome="dead_letter"}', scale),
      summary: '{{ $labels.consumer }} could not apply events and keeps them as dead letters',
    },
    {
      alert: 'EventsBlocked',
      severity: 'critical',
      expr: hasGrown('consumer_retries_total{reason!="transient"}', scale),
      lasting: span('1m'),
      summary: 'Events of {{ $labels.consumer }} wait ({{ $labels.reason }}): /readyz names what is missing',
    },
  ];
}

/** An app that is there exports everything but this series. An app that is not there has an alert of its own. */
function unknown(series: string, app: string): string {
  return `absent(${series}) and on () (max(up{job="${app}"}) == 1)`;
}
