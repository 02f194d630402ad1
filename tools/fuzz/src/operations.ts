import type { OpenApi } from '@orders/http/testing/api-document';
import type { Schema } from './schema-values.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
}

/** An operation of the API document, with all references resolved. */
export interface Operation {
  /** In upper case. */
  readonly method: string;
  /** Such as /orders/{id}. */
  readonly template: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly bodyRequired: boolean;
  /** Empty for a public operation. */
  readonly scopes: readonly string[];
  /** The status of its documented success. */
  readonly success: number;
}

interface RawOperation {
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: { 'application/json': { schema: Schema } } };
  security: { accessToken?: string[] }[];
  responses: Record<string, unknown>;
}

/** Every operation of the document. */
export function operationsOf(document: OpenApi): Operation[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const raw = resolved(operation, document) as RawOperation;
      return {
        method: method.toUpperCase(),
        template,
        parameters: raw.parameters ?? [],
        body: raw.requestBody?.content['application/json'].schema,
        bodyRequired: raw.requestBody?.required ?? false,
        scopes: raw.security.flatMap(({ accessToken = [] }) => accessToken),
        success: Number(Object.keys(raw.responses).find((status) => status.startsWith('2'))),
      };
    }),
  );
}

/** The node with each `$ref` replaced by its target. None of ours contains itself. */
function resolved(node: unknown, document: OpenApi): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map((each) => resolved(each, document));
  const { $ref } = node as { $ref?: string };
  if ($ref !== undefined) return resolved(target($ref, document), document);
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolved(value, document)]));
}

function target(pointer: string, document: OpenApi): unknown {
  return pointer
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], document);
}
