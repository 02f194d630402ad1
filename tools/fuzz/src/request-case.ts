import fc from 'fast-check';
import type { HttpRequest } from './http-client.ts';
import type { Operation, Parameter } from './operations.ts';
import { atBound, valid, type Schema } from './schema-values.ts';

/** Stands for the id of an order of the caller until the case is run. */
export const KNOWN_ID = '{known}';
/** Stands for an idempotency key that no other request has. */
export const FRESH_KEY = '{key}';

/** A request with the statuses that it may be answered with. */
export interface RequestCase {
  readonly why: string;
  readonly request: HttpRequest;
  readonly expected: readonly number[];
}

/** The parts of a request to one operation. */
export interface Draft {
  readonly operation: Operation;
  /** By name; a header, query or path parameter. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** The caller of the cases. */
export const CALLER = 'fuzz';

type ValuesOf = (schema: Schema) => fc.Arbitrary<unknown>;

/** Requests that the document allows. With `atBound`, a value of some reach a bound. */
export function drafts(operation: Operation, values: 'valid' | 'atBound' = 'valid'): fc.Arbitrary<Draft> {
  const valuesOf: ValuesOf =
    values === 'valid' ? valid : (schema) => fc.oneof(atBound(schema), valid(schema));
  const required = operation.parameters
    .filter((parameter) => parameter.in === 'path')
    .map(({ name }) => name);
  const model = operation.parameters.map((parameter) => [
    parameter.name,
    parameterValues(parameter, valuesOf),
  ]);
  return fc.record({
    operation: fc.constant(operation),
    parameters: fc.record(Object.fromEntries(model) as Record<string, fc.Arbitrary<unknown>>, {
      requiredKeys: required,
    }),
    body: bodies(operation, valuesOf),
  });
}

/** Headers that ask for a version of the order. */
export const CONDITIONS: readonly string[] = ['If-Match', 'If-None-Match'];

function parameterValues({ name, in: place, schema }: Parameter, valuesOf: ValuesOf): fc.Arbitrary<unknown> {
  if (place === 'path')
    return fc.oneof({ weight: 2, arbitrary: fc.constant(KNOWN_ID) }, { weight: 1, arbitrary: fc.uuid() });
  if (name === 'Idempotency-Key')
    return fc.oneof(
      { weight: 3, arbitrary: fc.constant(FRESH_KEY) },
      { weight: 1, arbitrary: valuesOf(schema) },
    );
  // The document knows no form of it.
  if (CONDITIONS.includes(name))
    return fc.constantFrom('*', '"1"', '"2"', 'W/"1"', '"1", "2"', '1', '"x"', '""');
  return valuesOf(schema);
}

function bodies({ body, bodyRequired }: Operation, valuesOf: ValuesOf): fc.Arbitrary<unknown> {
  if (!body) return fc.constant(undefined);
  return bodyRequired ? valuesOf(body) : fc.option(valuesOf(body), { nil: undefined });
}

/** The request of a draft. */
export function requestOf(
  { operation, parameters, body }: Draft,
  credentials: Readonly<Record<string, string>>,
): HttpRequest {
  const { method, template } = operation;
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(parameters[name]));
  const query = new URLSearchParams();
  const headers: Record<string, string> = { ...credentials };
  if (body === undefined) delete headers['content-type'];
  for (const { name, in: place } of operation.parameters) {
    if (!(name in parameters)) continue;
    if (place === 'query') query.set(name, String(parameters[name]));
    if (place === 'header') headers[name.toLowerCase()] = String(parameters[name]);
  }
  const search = query.size > 0 ? `?${query.toString()}` : '';
  return {
    method,
    path: `${path}${search}`,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  };
}

/** The statuses for a draft that the schemas of the document allow: it states some rules in words. */
export function expectedOf({ operation, parameters, body }: Draft): readonly number[] {
  const { success } = operation;
  if (isBeyondTotal(body)) return [422];
  if ([parameters, body].some(isForAnother)) return [403];
  const found = parameters['id'] === undefined || parameters['id'] === KNOWN_ID ? success : 404;
  if ('If-Match' in parameters) return [found, 400, 412];
  if ('If-None-Match' in parameters) return [found, 400, 304];
  if ('cursor' in parameters) return [success, 400];
  const { 'Idempotency-Key': key = FRESH_KEY } = parameters;
  // Another case may have used the key; a key in quotes may be empty.
  if (key !== FRESH_KEY) return key === '""' ? [400] : [success, 422];
  return [found];
}

interface OrderBody {
  items?: readonly { quantity: number; priceCents: number }[];
}

function isBeyondTotal(body: unknown): boolean {
  const { items = [] } = (body ?? {}) as OrderBody;
  const total = items.reduce((sum, item) => sum + BigInt(item.quantity) * BigInt(item.priceCents), 0n);
  return total > BigInt(Number.MAX_SAFE_INTEGER);
}

function isForAnother(named: unknown): boolean {
  const { customerId = CALLER } = (named ?? {}) as { customerId?: unknown };
  return customerId !== CALLER;
}
