import type { AppDeclaration } from '../../stack/declarations.ts';
import { calledBy } from '../../stack/wiring.ts';
import { failuresPerSecond, perSecond, quantile } from './expressions.ts';
import type { PanelSpec, Row } from './panel.ts';

/** What the declaration of an app leads to. */
export function appRows(app: AppDeclaration, apps: readonly AppDeclaration[]): Row[] {
  const job = `job="${app.name}"`;
  const isCalled = apps.some((other) => calledBy(other, apps).includes(app));
  const rows: (Row | false)[] = [
    { title: 'Process', panels: processPanels(job) },
    app.ports.http !== undefined && { title: 'HTTP', panels: httpPanels(job) },
    isCalled && { title: 'gRPC', panels: rpcPanels(job) },
    calledBy(app, apps).length > 0 && { title: 'Calls', panels: callPanels(job) },
    app.database && { title: 'Database', panels: databasePanels(job) },
    { title: 'Identity', panels: identityPanels(job, app.tokens) },
  ];
  return rows.filter((row) => row !== false);
}

function processPanels(job: string): PanelSpec[] {
  return [
    {
      title: 'Processes',
      about: 'That answer Prometheus.',
      unit: 'short',
      stat: true,
      redBelow: 1,
      queries: [{ expr: `sum(up{${job}})`, legend: 'up' }],
    },
    {
      title: 'Running since',
      about: 'The youngest process.',
      unit: 's',
      stat: true,
      queries: [{ expr: `time() - max(process_start_time_seconds{${job}})`, legend: 'age' }],
    },
    {
      title: 'CPU',
      about: 'Cores in use. One event loop uses one at most.',
      unit: 'short',
      queries: [{ expr: perSecond(`process_cpu_seconds_total{${job}}`, 'instance'), legend: '{{instance}}' }],
    },
    {
      title: 'Memory',
      about: 'Resident, and of this the JavaScript heap in use.',
      unit: 'bytes',
      queries: [
        { expr: `process_resident_memory_bytes{${job}}`, legend: '{{instance}} resident' },
        { expr: `nodejs_heap_size_used_bytes{${job}}`, legend: '{{instance}} heap' },
      ],
    },
    {
      title: 'Delay of the event loop',
      about: 'Since the scrape before. Over 0.2 s the gateway refuses requests.',
      unit: 's',
      redFrom: 0.2,
      queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{${job}}`, legend: '{{instance}} 99 %' }],
    },
  ];
}

function httpPanels(job: string): PanelSpec[] {
  const name = 'http_server_request_duration_seconds';
  return [
    {
      title: 'Requests',
      about: 'By route.',
      unit: 'reqps',
      queries: [
        {
          expr: perSecond(`${name}_count{${job}}`, 'http_request_method, http_route'),
          legend: '{{http_request_method}} {{http_route}}',
        },
      ],
    },
    {
      title: 'Failures',
      about: 'Answers with 5xx, those of overload too.',
      unit: 'reqps',
      failures: true,
      redFrom: 0.001,
      queries: [
        { expr: failuresPerSecond(`${name}_count{${job},http_response_status_code=~"5.."}`), legend: '5xx' },
      ],
    },
    {
      title: 'Duration',
      about: '99 % of the requests of a route take no longer.',
      unit: 's',
      queries: [
        {
          expr: quantile(0.99, { name, labels: job, by: 'http_request_method, http_route' }),
          legend: '{{http_request_method}} {{http_route}}',
        },
      ],
    },
  ];
}

function rpcPanels(job: string): PanelSpec[] {
  const name = 'rpc_server_duration_seconds';
  const failed = `${name}_count{${job},rpc_grpc_status_code=~"2|4|8|13|14|15"}`;
  return [
    {
      title: 'Calls that are served',
      about: 'By method.',
      unit: 'reqps',
      queries: [{ expr: perSecond(`${name}_count{${job}}`, 'rpc_method'), legend: '{{rpc_method}}' }],
    },
    {
      title: 'Calls that fail',
      about: 'By a bug, a deadline, overload or what is away: no other outcome is a failure of the server.',
      unit: 'reqps',
      failures: true,
      redFrom: 0.001,
      queries: [
        { expr: failuresPerSecond(failed), legend: 'failed' },
        { expr: failuresPerSecond(`rpc_server_refusals_total{${job}}`), legend: 'peers refused' },
      ],
    },
    {
      title: 'Duration of a call',
      about: '99 % of the calls of a method take no longer.',
      unit: 's',
      queries: [{ expr: quantile(0.99, { name, labels: job, by: 'rpc_method' }), legend: '{{rpc_method}}' }],
    },
  ];
}

function callPanels(job: string): PanelSpec[] {
  return [
    {
      title: 'Breakers',
      about: '0 closed, 1 half-open, 2 open: nearly all calls fail, and are refused at once.',
      unit: 'short',
      failures: true,
      redFrom: 1,
      queries: [{ expr: `max by (upstream) (breaker_state{${job}})`, legend: '{{upstream}}' }],
    },
    {
      title: 'Duration of the calls that it makes',
      about: '99 % take no longer, as the caller sees them.',
      unit: 's',
      queries: [
        {
          expr: quantile(0.99, { name: 'rpc_client_duration_seconds', labels: job, by: 'rpc_method' }),
          legend: '{{rpc_method}}',
        },
      ],
    },
  ];
}

function databasePanels(job: string): PanelSpec[] {
  return [
    {
      title: 'Connections to Postgres',
      about: 'used: in a transaction.',
      unit: 'short',
      queries: [
        { expr: `sum by (state) (db_client_connections{${job}})`, legend: '{{state}}' },
        { expr: `sum(db_client_connection_pending_requests{${job}})`, legend: 'wait for one' },
      ],
    },
    {
      title: 'Wait for a connection',
      about: 'Over some milliseconds: the pool is too small, or a statement too slow.',
      unit: 's',
      queries: [
        {
          expr: quantile(0.99, { name: 'db_client_connection_wait_time_seconds', labels: job }),
          legend: '99 %',
        },
      ],
    },
  ];
}

function identityPanels(job: string, tokens: boolean): PanelSpec[] {
  const keys: PanelSpec = {
    title: "Age of the issuer's keys",
    about: 'They are fetched every 5 minutes. Over 10: the issuer does not answer.',
    unit: 's',
    stat: true,
    redFrom: 600,
    queries: [{ expr: `max(token_keys_age_seconds{${job}})`, legend: 'age' }],
  };
  return [
    {
      title: 'Certificate expires in',
      about: 'The first of its processes. Under 7 days: rotation does not work.',
      unit: 's',
      stat: true,
      redBelow: 7 * 86_400,
      queries: [{ expr: `min(tls_certificate_expiry_seconds{${job}})`, legend: 'left' }],
    },
    ...(tokens ? [keys] : []),
  ];
}
