/** A change after which somebody who used the released contract fails. */
export interface Breakage {
  /** Where, in the words of the contract: a message of a proto, a pointer into a document. */
  readonly at: string;
  /** What changed. */
  readonly what: string;
  /** The fields that it may concern, as {@link Read.field} has them; empty when it concerns the whole. */
  readonly fields: readonly string[];
}

/** A change of a document that breaks somebody. */
export interface ApiChange {
  /** Pointer into the document with its references resolved. */
  readonly pointer: string;
  readonly what: string;
}

/** The code of an app that uses a field of a contract. */
export interface Read {
  readonly app: string;
  /** `Order.totalCents` of a message, `orders.created:items.quantity` of an event. */
  readonly field: string;
  /** File and line, from the root of the workspace. */
  readonly place: string;
}

/** A line for the change, and one for each app that uses what it concerns. */
export function describeBreakage({ at, what, fields }: Breakage, reads: readonly Read[]): string {
  const lines = [`${at}: ${what}`];
  for (const [app, places] of byApp(reads.filter(({ field }) => fields.includes(field))))
    lines.push(`    read by ${app}: ${places.join(', ')}`);
  if (lines.length === 1) lines.push('    no app of this workspace reads it; others may');
  return lines.join('\n');
}

function byApp(reads: readonly Read[]): Map<string, string[]> {
  const apps = Map.groupBy(reads, ({ app }) => app);
  return new Map(
    [...apps].map(([app, of]) => [app, [...new Set(of.map(({ field, place }) => `${field} (${place})`))]]),
  );
}
