/** A part of a JSON Schema (2020-12), as far as values need one. */
export type JsonSchema = Readonly<Record<string, unknown>>;
export type Properties = Readonly<Record<string, JsonSchema>>;

/** An object with these keys and no others; `required` are those that may not be set to null. */
export function closed(properties: Properties, required: readonly string[] = []): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 && { required }),
    properties,
  };
}

export function text(pattern?: string): JsonSchema {
  return { type: 'string', ...(pattern !== undefined && { pattern }) };
}

export function oneOf(...values: readonly string[]): JsonSchema {
  return { enum: values };
}

export function integer(minimum: number, maximum?: number): JsonSchema {
  return { type: 'integer', minimum, ...(maximum !== undefined && { maximum }) };
}

export function list(items: JsonSchema, minItems?: number): JsonSchema {
  return { type: 'array', items, ...(minItems !== undefined && { minItems }) };
}

/** With keys that are free, and texts as values: labels, annotations. */
export const TEXTS: JsonSchema = { type: 'object', additionalProperties: { type: 'string' } };
export const BOOLEAN: JsonSchema = { type: 'boolean' };
/** Anything with keys: a type of Kubernetes that its API checks. */
export const OBJECT: JsonSchema = { type: 'object' };

const DNS_NAME = '[a-z0-9]([-.a-z0-9]*[a-z0-9])?';
/** The name of an object of Kubernetes. */
export const NAME = text(`^${DNS_NAME}$`);
export const NAME_OR_EMPTY = text(`^(${DNS_NAME})?$`);
