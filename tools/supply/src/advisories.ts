import { z } from 'zod';

/** An advisory that we live with for a while: a line of `advisory-exceptions.json`. */
export const exception = z.strictObject({
  advisory: z.string().regex(/^GHSA(-[0-9a-z]{4}){3}$/, 'must be a GHSA id'),
  package: z.string().min(1),
  reason: z.string().min(20, 'must say why it does not concern us, or what is waited for'),
  until: z.iso.date(),
});

export type Exception = z.output<typeof exception>;

const advisory = z.object({ name: z.string(), title: z.string(), url: z.string(), severity: z.string() });

/** The part of `npm audit --json` that we read. A text in `via` names another package of the report. */
const auditReport = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(z.string(), z.object({ via: z.array(z.union([z.string(), advisory])) })),
});

/**
 * What is wrong: each advisory without an exception, each exception that has run out, and each that no advisory needs any
 * more. Empty when nothing is.
 *
 * @param report what `npm audit --json` printed
 * @param today as 2026-11-30
 * @throws z.ZodError when the report is none
 */
export function auditFindings(report: unknown, exceptions: readonly Exception[], today: string): string[] {
  const { vulnerabilities } = auditReport.parse(report);
  const via = Object.values(vulnerabilities).flatMap((vulnerability) => vulnerability.via);
  const advisories = new Map(
    via.filter((each) => typeof each !== 'string').map((each) => [`${idOf(each)} ${each.name}`, each]),
  );
  const covered = new Map(exceptions.map((each) => [`${each.advisory} ${each.package}`, each]));
  const open = [...advisories].flatMap(([key, { title, severity }]) => {
    const { until } = covered.get(key) ?? {};
    if (until === undefined) return [`${key}: ${title} (${severity})`];
    return until < today ? [`${key}: its exception ended on ${until}`] : [];
  });
  const needless = [...covered.keys()].filter((key) => !advisories.has(key));
  return [...open, ...needless.map((key) => `${key}: the exception is not needed any more`)];
}

function idOf({ url }: z.output<typeof advisory>): string {
  return url.split('/').at(-1) ?? url;
}
