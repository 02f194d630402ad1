import { failuresPerSecond, perSecond, quantile, WINDOW } from './expressions.ts';
import type { PanelSpec } from './panel.ts';

/** Of the events that an app's log holds. @param app also the job */
export function outboxPanels(app: string): PanelSpec[] {
  const job = `job="${app}"`;
  return [
    {
      title: 'Oldest event that is not published',
      about: 'Over 60 s: NATS is down, or a long transaction holds the relay back.',
      unit: 's',
      redFrom: 60,
      queries: [{ expr: `max(outbox_oldest_pending_seconds{${job}})`, legend: 'waits' }],
    },
    {
      title: 'Events that wait',
      about: 'In the log: not published yet, and of these, committed behind an older open transaction.',
      unit: 'short',
      queries: [
        { expr: `max(outbox_pending{${job}})`, legend: 'not published' },
        { expr: `max(outbox_held_back{${job}})`, legend: 'held back' },
      ],
    },
    {
      title: 'Attempts to publish',
      about: 'stored: a new event. known: a duplicate, which changes nothing.',
      unit: 'reqps',
      queries: [
        { expr: perSecond(`outbox_publish_attempts_total{${job}}`, 'outcome'), legend: '{{outcome}}' },
      ],
    },
    {
      title: 'Losses of the stream',
      about: 'Each is repaired by publishing again. None should happen.',
      unit: 'short',
      failures: true,
      redFrom: 1,
      queries: [
        { expr: `sum(increase(outbox_rewinds_total{${job}}[${WINDOW}]))`, legend: 'rewinds' },
        {
          expr: `sum(increase(outbox_publish_attempts_total{${job},outcome="unproven"}[${WINDOW}])) or vector(0)`,
          legend: 'acked, but not stored',
        },
      ],
    },
    {
      title: 'Relays with the lease',
      about: 'One process publishes at a time. 0: nobody does.',
      unit: 'short',
      redBelow: 1,
      queries: [{ expr: `sum(outbox_lease_held{${job}})`, legend: 'relays' }],
    },
  ];
}

/** Of the events that a consumer applies. @param consumer its name, which is that of its app */
export function consumerPanels(consumer: string): PanelSpec[] {
  const own = `consumer="${consumer}"`;
  const quantiles = (name: string) =>
    [0.5, 0.99].map((part) => ({
      expr: quantile(part, { name, labels: own }),
      legend: `${part * 100} %`,
    }));
  return [
    {
      title: 'Events to read',
      about: 'Growing: the consumer is down or slow.',
      unit: 'short',
      queries: [{ expr: `max(consumer_lag{${own}})`, legend: 'lag' }],
    },
    {
      title: 'Events taken from the stream',
      about: 'applied: took effect. duplicate: had taken effect before. dead_letter: cannot take effect.',
      unit: 'reqps',
      queries: [{ expr: perSecond(`consumer_events_total{${own}}`, 'outcome'), legend: '{{outcome}}' }],
    },
    {
      title: 'Time to effect',
      about: 'From the commit of the event to that of its effect. The objective: 99 % within 30 s.',
      unit: 's',
      redFrom: 30,
      queries: quantiles('consumer_critical_time_seconds'),
    },
    {
      title: 'Duration of a batch',
      about: 'From its first statement to its commit.',
      unit: 's',
      queries: quantiles('consumer_batch_duration_seconds'),
    },
    {
      title: 'Events that cannot be applied',
      about: 'Dead letters wait for an operator; what is tried again waits for what /readyz names.',
      unit: 'reqps',
      failures: true,
      redFrom: 0.001,
      queries: [
        {
          expr: failuresPerSecond(`consumer_events_total{${own},outcome="dead_letter"}`),
          legend: 'dead letters',
        },
        { expr: failuresPerSecond(`consumer_retries_total{${own}}`), legend: 'tried again' },
      ],
    },
    {
      title: 'Gaps in the sequence of an order',
      about: 'Opened: an event came before the one that it follows. Each should close.',
      unit: 'reqps',
      failures: true,
      queries: ['opened', 'closed'].map((state) => ({
        expr: failuresPerSecond(`consumer_sequence_gaps_total{${own},state="${state}"}`),
        legend: state,
      })),
    },
  ];
}
