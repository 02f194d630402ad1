/**
 * The JetStream stream that carries an event, and the subjects that it takes: the first word of the type names both.
 * `orders.created` is in ORDERS, which takes `orders.>`.
 */
export function streamOf(type: string): { readonly name: string; readonly subjects: readonly string[] } {
  const domain = domainOf(type);
  return { name: domain.toUpperCase(), subjects: [`${domain}.>`] };
}

/**
 * The subject on which an event of this type is published again for one consumer only. A consumer subscribes to
 * {@link replayFilter} besides the types themselves.
 */
export function replaySubject(consumer: string, type: string): string {
  return `${domainOf(type)}.replay.${consumer}.${type}`;
}

/** All subjects on which events of the stream of this type are published again for one consumer. */
export function replayFilter(consumer: string, type: string): string {
  return `${domainOf(type)}.replay.${consumer}.>`;
}

function domainOf(type: string): string {
  return type.split('.', 1)[0]!;
}
