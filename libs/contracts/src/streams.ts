/**
 * The JetStream stream of a type of event, and the stream's subjects. Both are named after the first word of the type:
 * `orders.created` is in the stream ORDERS with the subjects `orders.>`.
 */
export function streamOf(type: string): { readonly name: string; readonly subjects: readonly string[] } {
  const domain = domainOf(type);
  return { name: domain.toUpperCase(), subjects: [`${domain}.>`] };
}

/**
 * The subject for replays of a type of event to one consumer. A consumer subscribes to {@link replayFilter} in addition
 * to the types.
 */
export function replaySubject(consumer: string, type: string): string {
  return `${domainOf(type)}.replay.${consumer}.${type}`;
}

/** A subject filter for all replays to one consumer from the stream of this type. */
export function replayFilter(consumer: string, type: string): string {
  return `${domainOf(type)}.replay.${consumer}.>`;
}

/**
 * The temporary durable that delivers what the durable of a consumer has passed over of a subject, which may be a filter.
 */
export function catchUpDurable(durable: string, subject: string): string {
  return `${durable}-catch-up-${subject.replaceAll('>', 'all').replaceAll(/[^\w-]/g, '-')}`;
}

function domainOf(type: string): string {
  return type.split('.', 1)[0]!;
}
