import type { AppDeclaration } from '../../stack/declarations.ts';
import { consumersOf, producersOf } from '../../stack/event-flow.ts';
import { failedSeries, OBJECTIVES } from '../objectives.ts';
import { span } from '../time-scale.ts';
import { failuresPerSecond, perSecond, quantile } from './expressions.ts';
import type { PanelSpec, Row } from './panel.ts';

const CREATED = 'http_request_method="POST",http_route="/orders"';
const DURATION = 'http_server_request_duration_seconds';

/** Is the promise kept, and what flows? */
export function overviewRows(apps: readonly AppDeclaration[]): Row[] {
  return [
    { title: 'Objectives', panels: [...OBJECTIVES.map(objectivePanel), firing(), up(apps)] },
    { title: 'Orders', panels: orderPanels() },
    { title: 'Events', panels: eventPanels(apps) },
  ];
}

function objectivePanel(objective: (typeof OBJECTIVES)[number]): PanelSpec {
  const { name, promise, budget } = objective;
  return {
    title: name,
    about: `${promise}: the part of the last 3 days in which it came true.`,
    unit: 'percentunit',
    stat: true,
    redBelow: 1 - budget,
    queries: [{ expr: `1 - max(${failedSeries(objective, span('3d'))})`, legend: name }],
  };
}

function firing(): PanelSpec {
  return {
    title: 'Alerts',
    about: 'That fire now. Each has a runbook in docs/runbooks.',
    unit: 'short',
    stat: true,
    failures: true,
    redFrom: 1,
    queries: [{ expr: 'count(ALERTS{alertstate="firing"}) or vector(0)', legend: 'firing' }],
  };
}

function up(apps: readonly AppDeclaration[]): PanelSpec {
  return {
    title: 'Processes',
    about: 'Of each app, that answer Prometheus.',
    unit: 'short',
    stat: true,
    redBelow: 1,
    queries: apps.map(({ name }) => ({ expr: `sum(up{job="${name}"})`, legend: name })),
  };
}

function orderPanels(): PanelSpec[] {
  return [
    {
      title: 'Orders',
      about: 'Answers to POST /orders. A repeated request counts too.',
      unit: 'reqps',
      queries: [
        {
          expr: perSecond(`${DURATION}_count{${CREATED}}`, 'http_response_status_code'),
          legend: '{{http_response_status_code}}',
        },
      ],
    },
    {
      title: 'Time to an answer',
      about: 'Of POST /orders. The objective: 99 % within 0.5 s.',
      unit: 's',
      redFrom: 0.5,
      queries: [0.5, 0.99].map((part) => ({
        expr: quantile(part, { name: DURATION, labels: CREATED }),
        legend: `${part * 100} %`,
      })),
    },
    {
      title: 'Refused for overload',
      about: 'Requests and connections. Lasting: add gateways, or find the slow service behind them.',
      unit: 'reqps',
      failures: true,
      redFrom: 0.001,
      queries: [{ expr: failuresPerSecond('http_server_refused_total'), legend: 'refused' }],
    },
  ];
}

function eventPanels(apps: readonly AppDeclaration[]): PanelSpec[] {
  return [
    {
      title: 'Oldest event that is not published',
      about: 'Over 60 s: NATS is down, or a long transaction holds the relay back.',
      unit: 's',
      redFrom: 60,
      queries: producersOf(apps).map(({ name }) => ({
        expr: `max(outbox_oldest_pending_seconds{job="${name}"})`,
        legend: name,
      })),
    },
    {
      title: 'Events to read',
      about: 'Of each consumer. Growing: it is down or slow.',
      unit: 'short',
      queries: consumersOf(apps).map(({ name }) => ({
        expr: `max(consumer_lag{consumer="${name}"})`,
        legend: name,
      })),
    },
    {
      title: 'Time to effect',
      about: 'From the commit of an event to that of its effect: 99 % take no longer.',
      unit: 's',
      redFrom: 30,
      queries: consumersOf(apps).map(({ name }) => ({
        expr: quantile(0.99, { name: 'consumer_critical_time_seconds', labels: `consumer="${name}"` }),
        legend: name,
      })),
    },
  ];
}
