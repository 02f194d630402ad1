const text = (description: string, example?: string) => ({
  description,
  schema: { type: 'string' },
  ...(example !== undefined && { example }),
});

/** Every header of our own that an answer may have. */
const HEADERS = {
  'X-Request-Id': text('Names the request in our logs'),
  'X-Correlation-Id': text('Names what the request belongs to, in our logs and in events'),
  ETag: text("The order's version, for `If-Match`", '"1"'),
  Location: text('Where the order is', '/orders/0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'),
  'Idempotency-Key': text('The key of the request, as it came; ours, when it came without one'),
  'Idempotent-Replayed': {
    description: '`true` when an earlier request with this key stored the order; absent otherwise',
    schema: { type: 'string', const: 'true' },
  },
  RateLimit: {
    description: 'How many requests the caller has left, and after how many seconds there is one more',
    schema: { type: 'string', pattern: '^"caller";r=\\d+;t=\\d+$' },
    example: '"caller";r=1999;t=0',
  },
  'RateLimit-Policy': {
    description: 'How many requests the caller may make at once, and in how many seconds it may do so again',
    schema: { type: 'string', pattern: '^"caller";q=\\d+;w=\\d+$' },
    example: '"caller";q=2000;w=2',
  },
  'Retry-After': { description: 'Seconds', schema: { type: 'integer', minimum: 1 } },
  'WWW-Authenticate': text('RFC 6750', 'Bearer realm="orders"'),
  Allow: text('The methods that the resource knows', 'GET, HEAD, POST'),
};

export type HeaderName = keyof typeof HEADERS;

/** Each header twice: as one that an answer always has, and as one that it may lack. */
export const headerComponents = Object.fromEntries(
  Object.entries(HEADERS).flatMap(([name, header]) => [
    [name, { ...header, required: true }],
    [`${name}.optional`, { ...header, required: false }],
  ]),
);

/** The headers of an answer: those that it always has, and those that it may lack. */
export function headers(
  always: readonly HeaderName[],
  optional: readonly HeaderName[] = [],
): Record<string, { $ref: string }> {
  const refs = (names: readonly HeaderName[], suffix = '') =>
    names.map((name): [string, { $ref: string }] => [
      name,
      { $ref: `#/components/headers/${name}${suffix}` },
    ]);
  return Object.fromEntries([...refs(optional, '.optional'), ...refs(always)]);
}
