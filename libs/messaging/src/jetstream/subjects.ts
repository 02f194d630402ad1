/**
 * Subjects of NATS: tokens between dots; in a filter `*` is any one token, and a last `>` is one token or more
 * (docs.nats.io/nats-concepts/subjects).
 */

/** Does a filter let this subject through? */
export function matches(subject: string, filter: string): boolean {
  const tokens = subject.split('.');
  const wanted = filter.split('.');
  const isOpen = wanted.at(-1) === '>';
  if (isOpen ? tokens.length < wanted.length : tokens.length !== wanted.length) return false;
  return wanted.every((token, place) => token === '*' || token === '>' || token === tokens[place]);
}

/** One filter that lets through all that these do: what they have in common at their beginning, and anything after. */
export function coveringFilter(filters: readonly string[]): string {
  const [only, ...more] = new Set(filters);
  if (only !== undefined && more.length === 0) return only;
  const split = filters.map((filter) => filter.split('.'));
  // `>` stands for a token at least: the shortest must have one left for it.
  const most = Math.min(...split.map(({ length }) => length)) - 1;
  const [first = []] = split;
  const differs = first.findIndex((token, place) => split.some((tokens) => tokens[place] !== token));
  const shared = differs === -1 ? most : Math.min(differs, most);
  return [...first.slice(0, shared), '>'].join('.');
}
