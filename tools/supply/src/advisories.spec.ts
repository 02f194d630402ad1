import { describe, expect, it } from '@jest/globals';
import { auditFindings, exception, type Exception } from './advisories.ts';
import { NotAsked, readAudit } from './npm-audit.ts';

const ADVISORY = {
  name: 'left-pad',
  title: 'Pads to the right',
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  severity: 'low',
};
const REPORT = {
  auditReportVersion: 2,
  vulnerabilities: { 'left-pad': { via: [ADVISORY] }, eslint: { via: ['left-pad'] } },
};
const EXCEPTION: Exception = {
  advisory: 'GHSA-aaaa-bbbb-cccc',
  package: 'left-pad',
  reason: 'we pad to the left only, and the release that mends it is due',
  until: '2026-12-31',
};

describe('an advisory', () => {
  it.each<[string, readonly Exception[], string, string[]]>([
    [
      'without an exception fails, a low one too',
      [],
      '2026-12-01',
      ['GHSA-aaaa-bbbb-cccc left-pad: Pads to the right (low)'],
    ],
    ['with an exception passes on its last day', [EXCEPTION], '2026-12-31', []],
    [
      'fails the day after',
      [EXCEPTION],
      '2027-01-01',
      ['GHSA-aaaa-bbbb-cccc left-pad: its exception ended on 2026-12-31'],
    ],
    [
      'of another package is not covered',
      [{ ...EXCEPTION, package: 'right-pad' }],
      '2026-12-01',
      [
        'GHSA-aaaa-bbbb-cccc left-pad: Pads to the right (low)',
        'GHSA-aaaa-bbbb-cccc right-pad: the exception is not needed any more',
      ],
    ],
  ])('%s', (_name, exceptions, today, findings) => {
    expect(auditFindings(REPORT, exceptions, today)).toEqual(findings);
  });
});

it('an exception without a reason or an end is refused', () => {
  expect(exception.safeParse({ ...EXCEPTION, reason: 'later' }).success).toBe(false);
  expect(exception.safeParse({ ...EXCEPTION, until: 'soon' }).success).toBe(false);
});

it('a report of another form is no clean one', () => {
  expect(() => auditFindings({ vulnerabilities: {} }, [], '2026-12-01')).toThrow('auditReportVersion');
});

describe('a registry that does not answer', () => {
  it.each([
    [
      'by a status',
      '{"message":"405 Method Not Allowed - POST https://registry","statusCode":405}',
      '405 Method Not Allowed',
    ],
    ['by an error', '{"error":{"code":"ENOLOCK","summary":"no lockfile"}}', 'no lockfile'],
    ['at all', '', 'npm audit printed no report'],
  ])('%s is not taken for one without advisories', (_how, printed, reason) => {
    expect(() => readAudit(printed)).toThrow(new NotAsked(reason));
  });
});
