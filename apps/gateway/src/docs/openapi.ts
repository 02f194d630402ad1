import { components } from './components.js';
import { paths } from './paths.js';
import { problems } from './responses.js';

// Written by hand around the schemas that validate requests: importing @nestjs/swagger alone would add 140 ms to every
// start. Tests compare the paths with the routes, and each answer that they get with its operation.

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

/** OpenAPI has no place for answers to requests that match no operation, so this is an extension. */
const UNMATCHED = {
  description: 'Answers to requests whose path or method is not listed, or which cannot be read',
  responses: problems(['malformed-request', 'not-found', 'method-not-allowed', 'rate-limited', 'overloaded']),
};

const INTRODUCTION = `Orders of customers. The customer is the subject of the access token; the scope \`orders:admin\` gives access to the orders of all customers.

**Repeating is safe.** \`POST /orders\` takes an \`Idempotency-Key\`, bare or in quotes. The same key with the same order gives the
first answer again, with the same status, marked \`Idempotent-Replayed: true\`; the same key with another order is 422. Keys belong to the customer and
never expire. Answers 409, 429, 503 and 504 carry \`Retry-After\`: repeat with the same key. \`RateLimit\` shows how many requests are left.

**Errors** are \`application/problem+json\` (RFC 9457); \`type\` is \`urn:problem:orders:\` and a stable code. 400 = the request could not be
read, 422 = it was read and breaks a rule. \`errors\` names each place by an RFC 6901 pointer into the body, or by the name of
the header or parameter; of many it has the first, and \`errorsOmitted\` counts the others. \`requestId\` is also in the header \`X-Request-Id\`; it is yours if you sent one. Early refusals (429, 503) may have
neither. A path that is not listed here is 404 \`not-found\`, a method that a path does not have is 405
\`method-not-allowed\` with \`Allow\`. A request that is invalid HTTP, too slow or too large is 400, 408 or 431 at any path.

**Fields are added** to answers: ignore those that you do not know. A request with an unknown field is refused.

**Numbers** are integers; \`1.0\` and \`1e2\` mean 1 and 100. A key that is twice in an object and a byte order mark are refused.`;
