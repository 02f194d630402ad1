/**
 * NATS subjects are tokens separated by dots. In a filter `*` matches exactly one token, and a final `>` matches one or
 * more (docs.nats.io/nats-concepts/subjects).
 */

/** True when the filter matches every subject that `other`, a subject or filter, matches. */
export function covers(filter: string, other: string): boolean {
  const pattern = filter.split('.');
  const tokens = other.split('.');
  const isOpen = pattern.at(-1) === '>';
  if (isOpen ? tokens.length < pattern.length : tokens.length !== pattern.length) return false;
  return pattern.every((token, index) => {
    const covered = tokens[index];
    if (token === '>') return true;
    return covered !== '>' && (token === '*' || token === covered);
  });
}

/**
 * One filter that matches everything that these match: their common first tokens, then `>`. A single filter is
 * returned as it is.
 */
export function coveringFilter(filters: readonly string[]): string {
  const [only, ...more] = new Set(filters);
  if (only !== undefined && more.length === 0) return only;
  const split = filters.map((filter) => filter.split('.'));
  // `>` matches at least one token: the shortest filter must have one left for it.
  const maxShared = Math.min(...split.map(({ length }) => length)) - 1;
  const [first = []] = split;
  const differs = first.findIndex((token, index) => split.some((tokens) => tokens[index] !== token));
  const shared = differs === -1 ? maxShared : Math.min(differs, maxShared);
  return [...first.slice(0, shared), '>'].join('.');
}
