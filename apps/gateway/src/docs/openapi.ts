import { components } from './components.js';
import { paths } from './paths.js';
import { problems } from './responses.js';

// Written by hand around the schemas that validate, instead of by @nestjs/swagger, whose import alone costs 140 ms of
// every start. The tests hold the paths against the routes, and every answer that they get against its operation.

let document: object | undefined;

/** The OpenAPI 3.1 document of the public API. */
export function openApiDocument(): object {
  document ??= {
    openapi: '3.1.0',
    info: { title: 'Orders', version: '1.0.0', description: INTRODUCTION },
    servers: [{ url: '/' }],
    security: [{ accessToken: [] }],
    tags: [{ name: 'orders' }, { name: 'service' }],
    paths,
    components,
    'x-unmatched': UNMATCHED,
  };
  return document;
}

/** OpenAPI has no place for the answers to what no operation takes. */
const UNMATCHED = {
  description: 'What a request gets whose path or method is not listed, or which is not even read',
  responses: problems(['malformed-request', 'not-found', 'method-not-allowed', 'rate-limited', 'overloaded']),
};

const INTRODUCTION = `Orders of customers. The customer is the subject of the access token; the scope \`orders:admin\` sees and acts for all.

**Repeating is safe.** \`POST /orders\` takes an \`Idempotency-Key\`, bare or in quotes. The same key with the same order gives the
first answer again, with the same status, marked \`Idempotent-Replayed: true\`; with another order it is 422. Keys belong to the customer and
never expire. Answers 409, 429, 503 and 504 carry \`Retry-After\`: repeat with the same key. \`RateLimit\` tells how many requests are left.

**Errors** are \`application/problem+json\` (RFC 9457); \`type\` is \`urn:problem:orders:\` and a stable code. 400 = the request could not be
read, 422 = it was read and breaks a rule. \`errors\` names each place by an RFC 6901 pointer into the body, or by the name of
the header or parameter. \`requestId\` is also in the header \`X-Request-Id\`, and yours if you sent one; what is refused unread
(429, 503) may have neither. A path that is not listed here is 404 \`not-found\`, a method that a path does not know 405
\`method-not-allowed\` with \`Allow\`; what is no proper HTTP, comes too slowly or is too large is 400, 408 or 431 at any path.

**Fields are added** to answers: ignore those that you do not know. A request with an unknown field is refused.

**Numbers** are integers; \`1.0\` and \`1e2\` mean 1 and 100. A key that comes twice in an object, and a byte order mark, are refused.`;
