import { type Alert, hasGrown, type Subject } from './rule.ts';
import { span } from './time-scale.ts';

/** Of the processes and of who may talk to whom. */
export function processAlerts({ apps, scale }: Subject): Alert[] {
  const fiveMinutes = span('5m').text(scale);
  return [
    ...apps.map(({ name }): Alert => ({
      alert: 'AppDown',
      severity: 'critical',
      expr: `absent(up{job="${name}"} == 1)`,
      lasting: span('2m'),
      labels: { app: name },
      summary: `No process of ${name} answers Prometheus`,
    })),
    {
      alert: 'MigrationFailed',
      severity: 'critical',
      expr: 'max by (job) (migrations_failed) > 0',
      lasting: span('5m'),
      summary: '{{ $labels.job }} waits for migrations of its version that its database does not have',
    },
    {
      // An open breaker changes its state with the next call only. Without calls nobody has a problem: the alert ends.
      alert: 'BreakerOpen',
      severity: 'critical',
      expr:
        'max by (instance, upstream) (breaker_state) > 0' +
        ` and sum by (instance, upstream) (increase(breaker_changes_total{state="open"}[${fiveMinutes}])) > 0`,
      lasting: span('1m'),
      summary: 'Nearly all calls of {{ $labels.instance }} to {{ $labels.upstream }} fail',
    },
    {
      alert: 'Overload',
      severity: 'warning',
      expr: `sum by (instance, lane, reason) (rate(http_server_refused_total[${fiveMinutes}])) > 0`,
      lasting: span('10m'),
      summary: '{{ $labels.instance }} refuses requests ({{ $labels.lane }}, {{ $labels.reason }})',
    },
    {
      alert: 'SpansDropped',
      severity: 'warning',
      expr: hasGrown('otel_spans_dropped_total', scale),
      summary: '{{ $labels.instance }} cannot deliver its spans: traces have holes',
    },
  ];
}

/** Of tokens, certificates and other files that change. Their limits are days of the calendar, whatever the scale. */
export function securityAlerts({ scale }: Subject): Alert[] {
  return [
    {
      alert: 'TokenKeysOld',
      severity: 'critical',
      expr: 'token_keys_age_seconds > 600',
      lasting: span('1m'),
      summary: 'The issuer has given {{ $labels.instance }} no keys for {{ $value | humanizeDuration }}',
    },
    {
      alert: 'CertificateExpires',
      severity: 'critical',
      expr: 'tls_certificate_expiry_seconds < 7 * 86400',
      summary:
        'The certificate of {{ $labels.instance }}, or a CA above it, expires in {{ $value | humanizeDuration }}',
    },
    {
      alert: 'CertificatesRefused',
      severity: 'critical',
      expr: 'tls_rotation_refused > 0',
      lasting: span('1m'),
      summary:
        'The new certificate files of {{ $labels.instance }} cannot be used: its log has file and reason',
    },
    {
      alert: 'FileRefused',
      severity: 'critical',
      expr: 'file_refused > 0',
      lasting: span('1m'),
      summary:
        'The file of {{ $labels.variable }} cannot be used: the log of {{ $labels.instance }} has the reason',
    },
    {
      alert: 'Plaintext',
      severity: 'critical',
      expr: 'tls_enabled == 0',
      lasting: span('1m'),
      summary: '{{ $labels.instance }} has no certificates: it talks in plaintext, and to anybody',
    },
    {
      alert: 'PeersRefused',
      severity: 'warning',
      expr: hasGrown('rpc_server_refusals_total', scale),
      summary: '{{ $labels.instance }} refuses a peer: {{ $labels.reason }}',
    },
  ];
}
