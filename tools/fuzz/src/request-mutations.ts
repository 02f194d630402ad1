import fc from 'fast-check';
import type { Operation } from './operations.ts';
import { CONDITIONS, drafts, KNOWN_ID, requestOf, type RequestCase } from './request-case.ts';
import { broken } from './schema-values.ts';

/** What the mutations send as: headers of the caller, and of callers who may not. */
export interface Credentials {
  readonly caller: Readonly<Record<string, string>>;
  /** A caller with every scope but this one. */
  readonly without: (scope: string) => Readonly<Record<string, string>>;
}

type Cases = fc.Arbitrary<RequestCase>;

/** Requests that are one change away from a good one, each with the status that names the change. */
export function mutations(operation: Operation, credentials: Credentials): Cases[] {
  const { body, scopes, parameters } = operation;
  const asks = parameters.some(({ in: place }) => place === 'query');
  return [
    ...(body
      ? [
          brokenBody(operation, credentials),
          brokenText(operation, credentials),
          otherMedia(operation, credentials),
        ]
      : []),
    ...(asks ? [brokenQuery(operation, credentials)] : []),
    ...(parameters.some(({ name }) => name === 'Idempotency-Key') ? [brokenKey(operation, credentials)] : []),
    ...(operation.template.includes('{') ? [brokenId(operation, credentials)] : []),
    ...(scopes.length > 0 ? [noAccess(operation, credentials), noScope(operation, credentials)] : []),
  ];
}

function brokenBody(operation: Operation, { caller }: Credentials): Cases {
  const plain = drafts(operation).map((draft) =>
    requestOf({ ...draft, body: {}, parameters: toKnown(draft.parameters) }, caller),
  );
  return fc.tuple(plain, broken(operation.body ?? {})).map(([request, { value, why }]) => ({
    why: `the body ${why}`,
    request: { ...request, body: JSON.stringify(value) },
    expected: [422],
  }));
}

/** Texts that are no JSON, or that a parser would have to guess at. */
const BAD_TEXTS: Record<string, (text: string) => string | Buffer> = {
  'is cut off': (text) => text.slice(0, -1),
  'ends in a comma': (text) => text.replace(/\}$/, ',}'),
  'has a comment': (text) => `/* */${text}`,
  'has single quotes': (text) => `{'a':1,${text.slice(1)}`,
  'has NaN': (text) => `{"a":NaN,${text.slice(1)}`,
  'has a byte order mark': (text) => `\ufeff${text}`,
  'has a key twice': (text) => `{"a":1,"a":1,${text.slice(1)}`,
  'has __proto__': (text) => `{"__proto__":{},${text.slice(1)}`,
  'is deep': (text) => `{"a":${'['.repeat(40)}${']'.repeat(40)},${text.slice(1)}`,
  'has bytes that are not UTF-8': (text) =>
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from(`",${text.slice(1)}`)]),
  'goes on after its end': (text) => `${text}{}`,
};

function brokenText(operation: Operation, { caller }: Credentials): Cases {
  return fc
    .tuple(drafts(operation), fc.constantFrom(...Object.entries(BAD_TEXTS)))
    .map(([draft, [why, change]]) => ({
      why: `the body ${why}`,
      request: { ...requestOf({ ...draft, body: {} }, caller), body: change('{"items":[]}') },
      expected: [400],
    }));
}

const OTHER_MEDIA: readonly Record<string, string>[] = [
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/x-www-form-urlencoded' },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'content-type': 'application/vnd.api+json' },
  { 'content-type': 'application/jsonx' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-encoding': 'gzip' },
];

function otherMedia(operation: Operation, { caller }: Credentials): Cases {
  return fc.tuple(drafts(operation), fc.constantFrom(...OTHER_MEDIA)).map(([draft, headers]) => {
    const request = requestOf({ ...draft, body: {} }, caller);
    return {
      why: `the body is ${JSON.stringify(headers)}`,
      request: { ...request, headers: { ...request.headers, ...headers } },
      expected: [415],
    };
  });
}

const BAD_QUERIES = [
  'limit=0',
  'limit=101',
  'limit=-1',
  'limit=1e1',
  'limit=5&limit=6',
  'limit=',
  'limit=%35%00',
  'cursor=%00',
  'cursor=a.b',
  'page=2',
  'limit[]=5',
  'customerId=%00',
  'customerId=',
];

function brokenQuery(operation: Operation, { caller }: Credentials): Cases {
  return fc.constantFrom(...BAD_QUERIES).map((query) => ({
    why: `the query is ${query}`,
    request: { method: operation.method, path: `${operation.template}?${query}`, headers: caller },
    expected: [400],
  }));
}

function brokenKey(operation: Operation, { caller }: Credentials): Cases {
  const keys = fc.constantFrom(
    '',
    ' ',
    'a b',
    'ü',
    'x'.repeat(256),
    '"a b"',
    '""',
    '"\\"',
    `"${'x'.repeat(256)}"`,
  );
  return fc.tuple(drafts(operation), keys).map(([draft, key]) => {
    const request = requestOf(
      { ...draft, body: { items: [{ sku: 'A', quantity: 1, priceCents: 1 }] } },
      caller,
    );
    // A backslash in quotes that ends nothing is three visible characters: a key.
    const expected = key === '"\\"' ? [201] : [400];
    return {
      why: `the key is ${key.slice(0, 10)}`,
      request: { ...request, headers: { ...request.headers, 'idempotency-key': key } },
      expected,
    };
  });
}

function brokenId(operation: Operation, { caller }: Credentials): Cases {
  const ids = fc.oneof(
    fc.webSegment().filter((segment) => segment !== '' && !/^\.+$/.test(segment)),
    fc.constantFrom(
      '0',
      '%00',
      '%2e%2e',
      'x'.repeat(5_000),
      '00000000-0000-0000-0000-000000000000',
      '%zz',
      '%ff',
      '%C0%80',
    ),
  );
  return fc.tuple(drafts(operation), ids).map(([draft, id]) => ({
    why: `the id is ${id.slice(0, 40)}`,
    request: requestOf({ ...draft, parameters: { ...unconditional(draft.parameters), id } }, caller),
    expected: [400, 404],
  }));
}

const BAD_ACCESS = ['', 'Bearer', 'Bearer x', 'Basic YTpi', 'Bearer a.b.c', 'Bearer  ', 'bearer'];

function noAccess(operation: Operation, { caller }: Credentials): Cases {
  const { authorization = '' } = caller;
  const forged = fc.nat(authorization.length - 8).map((at) => flipped(authorization, 7 + at));
  return fc
    .tuple(drafts(operation), fc.oneof(fc.constantFrom(...BAD_ACCESS), forged))
    .map(([draft, text]) => ({
      why: 'the token is no good',
      request: requestOf(draft, { ...caller, authorization: text }),
      expected: [401],
    }));
}

/** The text with another letter at one place. The last letter of a signature has bits that mean nothing: it is not chosen. */
function flipped(text: string, at: number): string {
  const place = Math.min(at, text.length - 2);
  return `${text.slice(0, place)}${text[place] === 'A' ? 'B' : 'A'}${text.slice(place + 1)}`;
}

function noScope(operation: Operation, { without: lacking }: Credentials): Cases {
  return drafts(operation).map((draft) => ({
    why: `the token lacks ${operation.scopes[0]}`,
    request: requestOf(draft, lacking(operation.scopes[0] ?? '')),
    expected: [403],
  }));
}

/** Requests that match no operation. */
export function unmatched(operations: readonly Operation[], { caller }: Credentials): Cases {
  const templates = [...new Set(operations.map(({ template }) => template))];
  const { 'content-type': _, ...headers } = caller;
  const others = templates.flatMap((template) => {
    const listed = operations
      .filter((operation) => operation.template === template)
      .map(({ method }) => method);
    const allowed = listed.includes('GET') ? [...listed, 'HEAD'] : listed;
    return ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']
      .filter((method) => !allowed.includes(method))
      .map((method) => ({ method, path: template.replace('{id}', KNOWN_ID) }));
  });
  return fc.oneof(
    fc.constantFrom(...others).map((request) => ({
      why: 'the method is not listed',
      request: { ...request, headers },
      expected: [405, 404],
    })),
    fc.webPath().map((path) => ({
      why: 'the path is not listed',
      request: { method: 'GET', path: `/unlisted${path}`, headers },
      expected: [400, 404],
    })),
  );
}

/** The id of a path is known, so that nothing else is wrong. */
function toKnown(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...unconditional(parameters), ...('id' in parameters && { id: KNOWN_ID }) };
}

function unconditional(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !CONDITIONS.includes(name)));
}
