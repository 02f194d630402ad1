import { afterAll, expect, it } from '@jest/globals';
import { ROOT } from '@orders/dev/stack/paths';
import { resolvePromtool } from '@orders/dev/stack/promtool';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { attempt, run } from './run.ts';

const ALERTS_FILE = join(ROOT, 'docs/alerts.yaml');
const { groups } = parse(readFileSync(ALERTS_FILE, 'utf8')) as { groups: { rules: { alert: string }[] }[] };
const names = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));

const promtool = await resolvePromtool();
const folder = mkdtempSync(join(tmpdir(), 'orders-alerts-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Values for each minute, as promtool writes them: `0+5x30` rises by 5, `_` is none. */
type Series = Readonly<Record<string, string>>;

const lag = 'consumer_lag{consumer="fulfillment"}';
const applied = 'consumer_events_total{consumer="fulfillment",outcome="applied"}';
const dead = 'consumer_events_total{consumer="fulfillment",outcome="dead_letter"}';
const retried = (reason: string) => `consumer_retries_total{consumer="fulfillment",reason="${reason}"}`;
const published = (outcome: string) => `outbox_publish_attempts_total{outcome="${outcome}"}`;
const first = '_x20 1x20';

/** Series with which each alert fires after 30 minutes, and with which it does not. */
const CASES: readonly (readonly [alert: string, what: string, fires: boolean, series: Series])[] = [
  ['EventsNotPublished', 'waits', true, { outbox_oldest_pending_seconds: '0+60x30' }],
  ['EventsNotPublished', 'is fresh', false, { outbox_oldest_pending_seconds: '60x30' }],
  ['RelayHeldBack', 'waits', true, { outbox_held_back: '3x30', outbox_oldest_pending_seconds: '90x30' }],
  ['RelayHeldBack', 'is short', false, { outbox_held_back: '3x30', outbox_oldest_pending_seconds: '1x30' }],
  ['StreamLostEvents', 'rewinds', true, { 'outbox_rewinds_total{reason="shorter"}': '0x20 1x20' }],
  ['StreamLostEvents', 'rewound long ago', false, { outbox_rewinds_total: '0x5 1x30' }],
  ['EventsNotProven', 'happens for the first time', true, { [published('unproven')]: first }],
  ['EventsNotProven', 'happens again', true, { [published('unproven')]: '1x20 2x20' }],
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
  ['DeadLetters', 'has its first one', true, { [dead]: first }],
  ['DeadLetters', 'has one more', true, { [dead]: '3x20 4x20' }],
  ['DeadLetters', 'had some', false, { [dead]: '3x30', [applied]: '0+5x30' }],
  ['EventsBlocked', 'lacks a right', true, { [retried('installation')]: '_x20 0+2x20' }],
  ['EventsBlocked', 'had a deadlock', false, { [retried('transient')]: '0+2x30' }],
  ['BreakerOpen', 'is open', true, { 'breaker_state{upstream="orders"}': '2x30' }],
  ['BreakerOpen', 'is closed', false, { 'breaker_state{upstream="orders"}': '2x28 0x5' }],
  ['Overload', 'lasts', true, { 'http_server_refused_total{reason="full",lane="reads"}': '0+9x30' }],
  [
    'Overload',
    'was a moment',
    false,
    { 'http_server_refused_total{reason="full",lane="reads"}': '0x20 9x20' },
  ],
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
  ['PeersRefused', 'comes for the first time', true, { 'rpc_server_refusals_total{reason="x"}': first }],
  ['PeersRefused', 'came long ago', false, { 'rpc_server_refusals_total{reason="x"}': '4x30' }],
];

/** Runs promtool once for some cases. @returns what it said of those that are wrong */
async function wrongOnes(cases: typeof CASES): Promise<string> {
  const tests = cases.map(([alert, , fires, series]) => ({
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alert}", alertstate="firing"})`,
        eval_time: '30m',
        exp_samples: fires ? [{ labels: '{}', value: 1 }] : [],
      },
    ],
  }));
  const file = join(folder, 'alerts.test.yaml');
  writeFileSync(file, JSON.stringify({ rule_files: [ALERTS_FILE], evaluation_interval: '1m', tests }));
  const { code, stdout, stderr } = await attempt(promtool, ['test', 'rules', file]);
  return code === 0 ? '' : stdout + stderr;
}

it('Prometheus takes the rules', async () => {
  expect(await run(promtool, ['check', 'rules', ALERTS_FILE])).toContain(`${names.length} rules found`);
});

it('each alert fires when it must, and only then', async () => {
  expect(await wrongOnes(CASES)).toBe('');
});

it('each alert has a case that fires and one that does not', () => {
  const having = (wanted: boolean) =>
    new Set(CASES.filter(([, , fires]) => fires === wanted).map(([alert]) => alert));
  expect([having(true), having(false)]).toEqual([new Set(names), new Set(names)]);
});

it('a case that is wrong is noticed', async () => {
  expect(await wrongOnes([['Plaintext', 'is turned', false, { tls_enabled: '0x30' }]])).toContain(
    'Plaintext',
  );
});
