// Expressions that several panels have. `$__rate_interval` is Grafana's: at least four intervals of the scrape.

export const WINDOW = '$__rate_interval';

/** Increase a second of a counter, summed. */
export function perSecond(counter: string, by?: string): string {
  return `sum${grouped(by)}(rate(${counter}[${WINDOW}]))`;
}

/** The same for failures, of which there may be no series yet. */
export function failuresPerSecond(counter: string): string {
  return `${perSecond(counter)} or vector(0)`;
}

/** The value that a part of the observations does not exceed, such as 0.99. Where nothing was observed, no value. */
export function quantile(part: number, histogram: { name: string; labels?: string; by?: string }): string {
  const { name, labels = '', by } = histogram;
  const groups = ['le', ...(by === undefined ? [] : [by])].join(', ');
  return `histogram_quantile(${part}, sum by (${groups}) (rate(${name}_bucket{${labels}}[${WINDOW}])))`;
}

function grouped(by: string | undefined): string {
  return by === undefined ? '' : ` by (${by}) `;
}
