import { describe, expect, it } from '@jest/globals';
import { ApiDocument, type OpenApi, type Schema } from '@orders/http/testing/api-document';
import { readFileSync, writeFileSync } from 'node:fs';
import { openApiDocument } from './openapi.js';

const document = openApiDocument() as OpenApi;
const api = new ApiDocument(document);

interface Node {
  readonly [key: string]: unknown;
}

/** Each object within a value, with its path. */
function nodes(value: unknown, path = '#'): [path: string, node: Node][] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, child]) => nodes(child, `${path}/${key}`));
  return [[path, value as Node], ...inner];
}

/** The value that a reference points to. */
function target(reference: string): unknown {
  const steps = reference.split('/').slice(1);
  return steps.reduce<unknown>((node, step) => (node as Node | undefined)?.[step], document);
}

/** A schema with its references resolved. */
function whole(schema: unknown): [path: string, node: Node][] {
  return nodes(schema).flatMap(([path, node]) =>
    typeof node['$ref'] === 'string' ? whole(target(node['$ref'])) : [[path, node] as [string, Node]],
  );
}

const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
const answers = [...operations, document['x-unmatched']].flatMap(({ responses }) => Object.values(responses));
const requests = operations.flatMap((operation) => (operation as { requestBody?: object }).requestBody ?? []);
const isObject = ([, { type }]: [string, Node]) => type === 'object';

describe('the API document', () => {
  it('has everything that it refers to', () => {
    const references = nodes(document).flatMap(([, { $ref }]) => (typeof $ref === 'string' ? $ref : []));
    expect(references.length).toBeGreaterThan(100);
    expect(references.filter((reference) => target(reference) === undefined)).toEqual([]);
  });

  it('allows additional fields in answers and refuses them in requests', () => {
    const answered = whole(answers).filter(isObject);
    const closed = whole(requests).filter(isObject);
    expect(answered.length).toBeGreaterThan(50);
    expect(closed).toHaveLength(3);
    expect(answered.filter(([, node]) => 'additionalProperties' in node)).toEqual([]);
    expect(closed.filter(([, node]) => node['additionalProperties'] !== false)).toEqual([]);
  });

  it('has examples that match their schemas', () => {
    const examples = nodes(document).flatMap(([path, { schema, example, examples }]) => {
      const values = [
        ...(example === undefined ? [] : [example]),
        ...Object.values((examples ?? {}) as Record<string, { value: unknown }>).map(({ value }) => value),
      ];
      return values.map((value) => ({ path, violations: api.violations(schema as Schema, value) }));
    });
    expect(examples.length).toBeGreaterThan(50);
    expect(examples.filter(({ violations }) => violations.length > 0)).toEqual([]);
  });
});

// With GENERATE=1 the file is written instead of compared.
it('openapi.json is the document', () => {
  const file = new URL('../../openapi.json', import.meta.url);
  const text = `${JSON.stringify(document, undefined, 2)}\n`;
  if (process.env['GENERATE']) writeFileSync(file, text);
  expect(readFileSync(file, 'utf8')).toBe(text);
});
