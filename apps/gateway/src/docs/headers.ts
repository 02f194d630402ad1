const text = (description: string, example?: string) => ({
  description,
  schema: { type: 'string' },
  ...(example !== undefined && { example }),
});

/** Every header that the gateway itself adds to answers. */
const HEADERS = {
  'X-Request-Id': text('Identifies the request in our logs'),
  'X-Correlation-Id': text('Identifies related requests in our logs and in events'),
  ETag: text("The order's version, for `If-Match` and `If-None-Match`", '"1"'),
  Location: text('The path of the order', '/orders/0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'),
  'Idempotency-Key': text('The key of the request as it was sent, or the generated key when it had none'),
  'Idempotent-Replayed': {
    description: '`true` when an earlier request with this key stored the order; absent otherwise',
    schema: { type: 'string', const: 'true' },
  },
  RateLimit: {
    description: 'r: how many requests the caller may make now; t: seconds until it may make one more',
    schema: { type: 'string', pattern: '^"caller";r=\\d+;t=\\d+$' },
    example: '"caller";r=1999;t=0',
  },
  'RateLimit-Policy': {
    description:
      'q: how many requests the caller may make at once; w: seconds until all of them are available again',
    schema: { type: 'string', pattern: '^"caller";q=\\d+;w=\\d+$' },
    example: '"caller";q=2000;w=2',
  },
  'Retry-After': { description: 'Seconds', schema: { type: 'integer', minimum: 1 } },
  'WWW-Authenticate': text('RFC 6750', 'Bearer realm="orders"'),
  Allow: text('The methods of the resource', 'GET, HEAD, POST'),
};

export type HeaderName = keyof typeof HEADERS;

/** Each header twice: as a required and as an optional header. */
export const headerComponents = Object.fromEntries(
  Object.entries(HEADERS).flatMap(([name, header]) => [
    [name, { ...header, required: true }],
    [`${name}.optional`, { ...header, required: false }],
  ]),
);

/** References to the headers of an answer: those that it always has, and those that it may lack. */
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
