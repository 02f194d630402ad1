import fc from 'fast-check';
import { operationsOf, type Operation } from '../operations.ts';
import {
  CALLER,
  drafts,
  expectedOf,
  FRESH_KEY,
  KNOWN_ID,
  requestOf,
  type RequestCase,
} from '../request-case.ts';
import { type Credentials, mutations, unmatched } from '../request-mutations.ts';
import type { HttpRequest } from '../http-client.ts';
import { cases, type Surface } from '../surface.ts';
import { freshKey, type SystemUnderFuzz } from '../system-under-fuzz.ts';

/** The public API by its own document: what it allows is done, and what is one change away is refused by name. */
export const REQUESTS: Surface = {
  name: 'requests',
  what: 'requests from the OpenAPI document: valid, at a bound, one change away',
  share: 0.5,
  open: async (sut) => {
    const credentials = await credentialsOf(sut);
    const known = await placeOrder(sut, credentials);
    const requests = requestCases(operationsOf(sut.document), credentials);
    return {
      check: cases(requests, async ({ why, request, expected }) => {
        const answer = await sut.send(filledIn(request, known));
        if (expected.includes(answer.status)) return;
        throw new Error(`${why}: ${answer.status} instead of ${expected.join(' or ')}\n${answer.body}`);
      }),
    };
  },
};

async function credentialsOf(sut: SystemUnderFuzz): Promise<Credentials> {
  const [caller, reader, writer] = await Promise.all([
    sut.headersOf(CALLER),
    sut.headersOf(CALLER, 'orders:read'),
    sut.headersOf(CALLER, 'orders:write'),
  ]);
  return { caller, without: (scope) => (scope === 'orders:read' ? writer : reader) };
}

async function placeOrder(sut: SystemUnderFuzz, { caller }: Credentials): Promise<string> {
  const body = JSON.stringify({ items: [{ sku: 'A', quantity: 1, priceCents: 1 }] });
  const answer = await sut.send({ method: 'POST', path: '/orders', headers: caller, body });
  return (JSON.parse(answer.body) as { id: string }).id;
}

function requestCases(operations: readonly Operation[], credentials: Credentials): fc.Arbitrary<RequestCase> {
  const ofOperation = (operation: Operation) => {
    const good = (values: 'valid' | 'atBound') =>
      drafts(operation, values).map((draft) => ({
        why: values,
        request: requestOf(draft, operation.scopes.length > 0 ? credentials.caller : {}),
        expected: expectedOf(draft),
      }));
    const bad = mutations(operation, credentials);
    return bad.length === 0 ? good('valid') : fc.oneof(good('valid'), good('atBound'), ...bad);
  };
  return fc.oneof(
    ...operations.map((operation) => ({ weight: weightOf(operation), arbitrary: ofOperation(operation) })),
    { weight: 1, arbitrary: unmatched(operations, credentials) },
  );
}

/** The one that stores has the most rules; a public one has none. */
function weightOf({ success, scopes }: Operation): number {
  if (success === 201) return 20;
  return scopes.length > 0 ? 5 : 1;
}

function filledIn(request: HttpRequest, known: string): HttpRequest {
  const { 'idempotency-key': key, ...headers } = request.headers;
  return {
    ...request,
    path: request.path.replace(KNOWN_ID, known),
    headers: {
      ...headers,
      ...(key !== undefined && { 'idempotency-key': key === FRESH_KEY ? freshKey('requests') : key }),
    },
  };
}
