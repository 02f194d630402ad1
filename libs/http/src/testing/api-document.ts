// Imports none of our files: tools run it from source.

import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** An answer of the gateway as it leaves the server. */
export interface Answer {
  /** Undefined when there was no request: the bytes were not valid HTTP. */
  readonly request: { readonly method: string; readonly path: string } | undefined;
  readonly status: number;
  /** The names are in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export type Schema = Readonly<Record<string, unknown>>;

interface Response {
  readonly headers: Readonly<Record<string, { readonly $ref: string }>>;
  readonly content: Readonly<Record<string, { readonly schema: Schema; readonly examples?: object }>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
}

/** The parts of our OpenAPI document that the tests read. */
export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly headers: Readonly<Record<string, { readonly required: boolean; readonly schema: Schema }>>;
    readonly schemas: Readonly<Record<string, Schema>>;
  };
  /** For requests that match no operation. */
  readonly 'x-unmatched': Operation;
}

/** Headers that any HTTP answer may have and that the API document need not list. */
const UNLISTED = new Set([
  'cache-control',
  'connection',
  'content-length',
  'content-security-policy',
  'content-type',
  'date',
  'keep-alive',
  'referrer-policy',
  'transfer-encoding',
  'x-content-type-options',
]);

/** Compares answers with an OpenAPI document. */
export class ApiDocument {
  private readonly ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly known = new WeakMap<Schema, ValidateFunction>();
  private readonly components: unknown;
  private readonly document: OpenApi;

  constructor(document: OpenApi) {
    this.document = document;
    addFormats.default(this.ajv);
    // The targets of references within schemas.
    this.ajv.addVocabulary(['components']);
    this.components = closed(document.components);
    this.compileAll();
  }

  /** How the answer differs from the document; empty when all of it is documented. */
  differences(answer: Answer): string[] {
    const response = this.operationOf(answer).responses[answer.status];
    const differences = response
      ? [...this.inHeaders(response, answer), ...this.inBody(response, answer)]
      : ['the status is not documented'];
    const { method = 'no request', path = '' } = answer.request ?? {};
    return differences.map((difference) => `${method} ${path} ${answer.status}: ${difference}`);
  }

  /** How the value breaks the schema. Also reports unknown fields, which clients must ignore. */
  violations(schema: Schema, value: unknown): string[] {
    const validate = this.compiled(schema);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    );
  }

  /** Compiles all schemas now: compiling later would disturb tests that measure time. */
  private compileAll(): void {
    const { paths, components, 'x-unmatched': unmatched } = this.document;
    const operations = [...Object.values(paths).flatMap((methods) => Object.values(methods)), unmatched];
    const responses = operations.flatMap((operation) => Object.values(operation.responses));
    const contents = responses.flatMap(({ content }) => Object.values(content));
    for (const { schema } of [...Object.values(components.headers), ...contents]) this.compiled(schema);
  }

  private compiled(schema: Schema): ValidateFunction {
    const known = this.known.get(schema);
    if (known) return known;
    const text = JSON.stringify(schema);
    const validate =
      this.validators.get(text) ??
      this.ajv.compile({ ...(closed(schema) as Schema), components: this.components });
    this.validators.set(text, validate);
    this.known.set(schema, validate);
    return validate;
  }

  private operationOf({ request }: Answer): Operation {
    const { paths, 'x-unmatched': unmatched } = this.document;
    if (!request) return unmatched;
    const operations = Object.entries(paths).find(([template]) => matches(template, request.path))?.[1];
    // A HEAD is a GET without the body (RFC 9110).
    const method = request.method === 'HEAD' ? 'get' : request.method.toLowerCase();
    return operations?.[method] ?? unmatched;
  }

  private inHeaders(response: Response, { headers }: Answer): string[] {
    const documented = new Set(Object.keys(response.headers).map((name) => name.toLowerCase()));
    const unknown = [...headers.keys()].filter((name) => !documented.has(name) && !UNLISTED.has(name));
    return [
      ...unknown.map((name) => `the header ${name} is not documented`),
      ...Object.entries(response.headers).flatMap(([name, { $ref }]) => {
        const { required, schema } = this.document.components.headers[$ref.replace(/^.*\//, '')]!;
        const text = headers.get(name.toLowerCase());
        if (text === undefined) return required ? [`the header ${name} is missing`] : [];
        const violations = this.violations(schema, schema['type'] === 'integer' ? Number(text) : text);
        return violations.map((violation) => `the header ${name}: ${violation}`);
      }),
    ];
  }

  private inBody({ content }: Response, { request, headers, body }: Answer): string[] {
    const type = headers.get('content-type')?.split(';', 1)[0] ?? 'none';
    if (type === 'none' && body === '' && Object.keys(content).length === 0) return [];
    const documented = content[type];
    if (!documented) return [`the content type ${type} is not documented`];
    if (request?.method === 'HEAD') return [];
    const value = parse(body);
    const code = String((value as { type?: unknown } | undefined)?.type).replace('urn:problem:orders:', '');
    const isUnlisted = documented.examples !== undefined && !(code in documented.examples);
    return [
      ...(isUnlisted ? [`the problem ${code} is not documented`] : []),
      ...this.violations(documented.schema, value).map((violation) => `the body: ${violation}`),
    ];
  }
}

/** Undefined when the text is no JSON; no schema accepts undefined. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function matches(template: string, path: string): boolean {
  const parts = path.split('/');
  const expected = template.split('/');
  return (
    parts.length === expected.length &&
    expected.every((part, at) => part === parts[at] || (part.startsWith('{') && parts[at] !== ''))
  );
}

/** The schema with `additionalProperties: false` on each object whose fields it names. */
function closed(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'type' in schema && 'properties' in schema ? { ...inner, additionalProperties: false } : inner;
}
