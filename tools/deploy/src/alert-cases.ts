import { APPS } from '@orders/dev/stack/declarations';

/** Values for each minute, as promtool writes them: `0+5x30` rises by 5, `_` is none. */
export type Series = Readonly<Record<string, string>>;

/** `fires` may name the only severity with which it fires. */
export type AlertCase = readonly [
  alert: string,
  what: string,
  fires: boolean | 'critical' | 'warning',
  series: Series,
];

const lag = 'consumer_lag{consumer="fulfillment",job="fulfillment"}';
const applied = 'consumer_events_total{consumer="fulfillment",outcome="applied"}';
const dead = 'consumer_events_total{consumer="fulfillment",outcome="dead_letter"}';
const retried = (reason: string) => `consumer_retries_total{consumer="fulfillment",reason="${reason}"}`;
const published = (outcome: string) => `outbox_publish_attempts_total{outcome="${outcome}"}`;
const held = (instance: string) => `outbox_lease_held{job="orders",instance="${instance}"}`;
const up = (job: string) => `up{job="${job}"}`;
const allUp = (values: string): Series => Object.fromEntries(APPS.map(({ name }) => [up(name), values]));
const opened = 'breaker_changes_total{upstream="orders",state="open"}';
const first = '0x20 1x20';

const CREATED = 'http_request_method="POST",http_route="/orders"';
const answered = (status: number) =>
  `http_server_request_duration_seconds_count{${CREATED},http_response_status_code="${status}"}`;
const inTime = (le: string) =>
  `http_server_request_duration_seconds_bucket{${CREATED},http_response_status_code="201",le="${le}"}`;
const effects = 'consumer_critical_time_seconds_count{consumer="fulfillment"}';
const effectsIn = (le: string) => `consumer_critical_time_seconds_bucket{consumer="fulfillment",le="${le}"}`;

const OBJECTIVES: readonly AlertCase[] = [
  [
    'OrdersErrorBudgetBurn',
    'fails once in 20',
    true,
    { [answered(201)]: '0+57x30', [answered(503)]: '0+3x30' },
  ],
  [
    'OrdersErrorBudgetBurn',
    'is refused before it is a request',
    true,
    { [answered(201)]: '0+57x30', 'http_server_refused_total{lane="writes",reason="full"}': '0+3x30' },
  ],
  [
    'OrdersErrorBudgetBurn',
    'fails once in 2,000, or by fault of the client',
    false,
    { [answered(201)]: '0+1999x30', [answered(503)]: '0+1x30', [answered(422)]: '0+99x30' },
  ],
  [
    'OrdersErrorBudgetBurn',
    'fails once in 500: for working hours',
    'warning',
    { [answered(201)]: '0+499x30', [answered(503)]: '0+1x30' },
  ],
  ['OrdersErrorBudgetBurn', 'is not called', false, { [answered(201)]: '7x30', [answered(503)]: '7x30' }],
  ['OrdersLatencyBudgetBurn', 'is slow', true, { [answered(201)]: '0+60x30', [inTime('0.5')]: '0+40x30' }],
  ['OrdersLatencyBudgetBurn', 'is fast', false, { [answered(201)]: '0+60x30', [inTime('0.5')]: '0+60x30' }],
  ['EffectsLatencyBudgetBurn', 'is late', true, { [effects]: '0+60x30', [effectsIn('30')]: '0+40x30' }],
  ['EffectsLatencyBudgetBurn', 'is in time', false, { [effects]: '0+60x30', [effectsIn('30')]: '0+60x30' }],
  // As Prometheus 3 writes the bound.
  ['EffectsLatencyBudgetBurn', 'is late (3)', true, { [effects]: '0+60x30', [effectsIn('30.0')]: '0+9x30' }],
];

const DELIVERY: readonly AlertCase[] = [
  ['EventsNotPublished', 'waits', true, { outbox_oldest_pending_seconds: '0+60x30' }],
  ['EventsNotPublished', 'is fresh', false, { outbox_oldest_pending_seconds: '60x30' }],
  ['RelayHeldBack', 'waits', true, { outbox_held_back: '3x30', outbox_oldest_pending_seconds: '90x30' }],
  ['RelayHeldBack', 'is short', false, { outbox_held_back: '3x30', outbox_oldest_pending_seconds: '1x30' }],
  ['RelayWithoutHolder', 'is nobody', true, { [held('a')]: '0x30', [held('b')]: '0x30' }],
  ['RelayWithoutHolder', 'is one of two', false, { [held('a')]: '1x30', [held('b')]: '0x30' }],
  ['RelayWithoutHolder', 'changes', false, { [held('a')]: '1x28 0x9', [held('b')]: '0x29 1x9' }],
  ['OutboxUnknown', 'is unknown', true, { [up('orders')]: '1x30' }],
  ['OutboxUnknown', 'is known', false, { [up('orders')]: '1x30', 'outbox_pending{job="orders"}': '0x30' }],
  ['OutboxUnknown', 'has no app', false, { [up('orders')]: '0x30' }],
  ['StreamLostEvents', 'rewinds', true, { 'outbox_rewinds_total{reason="shorter"}': '0x20 1x20' }],
  ['StreamLostEvents', 'rewound long ago', false, { outbox_rewinds_total: '0x5 1x30' }],
  ['EventsNotProven', 'happens', true, { [published('unproven')]: first }],
  [
    'EventsNotProven',
    'is stored',
    false,
    { [published('stored')]: '0+5x30', [published('unproven')]: '1x30' },
  ],
  ['ConsumerStalled', 'applies nothing', true, { [lag]: '5x30', [applied]: '7x30' }],
  ['ConsumerStalled', 'has never applied anything', true, { [lag]: '5x30' }],
  ['ConsumerStalled', 'applies', false, { [lag]: '5x30', [applied]: '0+5x30' }],
  ['ConsumerStalled', 'has nothing to do', false, { [lag]: '0x30', [applied]: '7x30' }],
  ['ConsumerFallsBehind', 'lags ever more', true, { [lag]: '0+500x30' }],
  ['ConsumerFallsBehind', 'catches up', false, { [lag]: '90000-500x30' }],
  ['ConsumerLagUnknown', 'is unknown', true, { [up('fulfillment')]: '1x30' }],
  ['ConsumerLagUnknown', 'is known', false, { [up('fulfillment')]: '1x30', [lag]: '0x30' }],
  ['DeadLetters', 'has one', true, { [dead]: first }],
  ['DeadLetters', 'had some', false, { [dead]: '3x30', [applied]: '0+5x30' }],
  ['EventsBlocked', 'lacks a right', true, { [retried('installation')]: '0x20 0+2x20' }],
  ['EventsBlocked', 'had a deadlock', false, { [retried('transient')]: '0+2x30' }],
];

const PROCESSES: readonly AlertCase[] = [
  ['AppDown', 'is not there', true, {}],
  ['AppDown', 'does not answer', true, allUp('1x20 0x20')],
  ['AppDown', 'is there', false, allUp('1x30')],
  ['AppDown', 'restarts', false, allUp('1x28 0 1x9')],
  ['MigrationFailed', 'waits', true, { 'migrations_failed{job="orders"}': '1x30' }],
  ['MigrationFailed', 'has them', false, { 'migrations_failed{job="orders"}': '0x30' }],
  ['BreakerOpen', 'opens', true, { 'breaker_state{upstream="orders"}': '2x30', [opened]: '0+60x30' }],
  [
    'BreakerOpen',
    'is open, and nobody calls any more',
    false,
    { 'breaker_state{upstream="orders"}': '2x30', [opened]: '0+60x20 1200x20' },
  ],
  [
    'BreakerOpen',
    'is closed',
    false,
    { 'breaker_state{upstream="orders"}': '2x28 0x5', [opened]: '0+60x30' },
  ],
  ['Overload', 'lasts', true, { 'http_server_refused_total{reason="full",lane="reads"}': '0+9x30' }],
  [
    'Overload',
    'was a moment',
    false,
    { 'http_server_refused_total{reason="full",lane="reads"}': '0x20 9x20' },
  ],
  ['SpansDropped', 'happens', true, { otel_spans_dropped_total: '0x20 5x20' }],
  ['SpansDropped', 'happened long ago', false, { otel_spans_dropped_total: '5x40' }],
];

const SECURITY: readonly AlertCase[] = [
  ['TokenKeysOld', 'ages', true, { token_keys_age_seconds: '0+60x30' }],
  ['TokenKeysOld', 'is fetched every 5 minutes', false, { token_keys_age_seconds: '300x30' }],
  ['CertificateExpires', 'has 6 days', true, { tls_certificate_expiry_seconds: '518400x30' }],
  ['CertificateExpires', 'has 8 days', false, { tls_certificate_expiry_seconds: '691200x30' }],
  ['CertificatesRefused', 'is refused', true, { tls_rotation_refused: '1x30' }],
  ['CertificatesRefused', 'was being written', false, { tls_rotation_refused: '1x28 0x5' }],
  ['FileRefused', 'is refused', true, { 'file_refused{variable="NATS_CREDS_FILE"}': '1x30' }],
  ['FileRefused', 'is good', false, { 'file_refused{variable="NATS_CREDS_FILE"}': '0x30' }],
  ['Plaintext', 'has no certificates', true, { tls_enabled: '0x30' }],
  ['Plaintext', 'has certificates', false, { tls_enabled: '1x30' }],
  ['PeersRefused', 'comes', true, { 'rpc_server_refusals_total{reason="x"}': first }],
  ['PeersRefused', 'came long ago', false, { 'rpc_server_refusals_total{reason="x"}': '4x30' }],
];

/** Series with which each alert fires after 30 minutes, and with which it does not. */
export const CASES = [...OBJECTIVES, ...DELIVERY, ...PROCESSES, ...SECURITY];
