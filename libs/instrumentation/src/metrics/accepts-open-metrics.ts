interface MediaRange {
  readonly type: string;
  readonly version: string;
  /** 0 to 1; 0 = not acceptable. */
  readonly quality: number;
}

/**
 * Whether a scraper prefers OpenMetrics 1.0 to the text format, by its `Accept` header (RFC 9110 section 12.5.1). One that
 * names no version of OpenMetrics takes any.
 */
export function acceptsOpenMetrics(accept: string | undefined): boolean {
  const ranges = (accept ?? '').split(',').map(rangeOf);
  const best = (fits: (range: MediaRange) => boolean) =>
    Math.max(0, ...ranges.filter(fits).map(({ quality }) => quality));
  const open = best(({ type, version }) => type === 'application/openmetrics-text' && version === '1.0.0');
  return open > 0 && open >= best(({ type }) => type === 'text/plain');
}

function rangeOf(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const values = new Map(
    parameters.map((each) => each.split('=', 2).map((part) => part.trim()) as [string, string]),
  );
  const quality = Number(values.get('q') ?? 1);
  return { type, version: values.get('version') ?? '1.0.0', quality: Number.isNaN(quality) ? 0 : quality };
}
