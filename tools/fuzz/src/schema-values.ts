import fc from 'fast-check';

/** The keywords of JSON Schema that our documents use. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

type Values = fc.Arbitrary<unknown>;

/** A value that breaks its schema in one place. */
export interface Broken {
  readonly value: unknown;
  /** Where and how. */
  readonly why: string;
}

/** Values that the schema allows. */
export function valid(schema: Schema): Values {
  switch (schema.type) {
    case 'object':
      return record(schema, (property) => valid(property));
    case 'array': {
      const { minItems = 0, maxItems = 20, items = {} } = schema;
      return fc.array(valid(items), { minLength: minItems, maxLength: maxItems });
    }
    case 'integer':
      return fc.oneof(
        fc.integer({ min: least(schema), max: Math.min(most(schema), least(schema) + 1_000) }),
        fc.integer({ min: least(schema), max: most(schema) }),
      );
    default:
      return text(schema);
  }
}

/** Values that the schema just allows: with one bound reached. */
export function atBound(schema: Schema): Values {
  switch (schema.type) {
    case 'object': {
      const names = Object.keys(schema.properties ?? {});
      if (names.length === 0) return fc.constant({});
      const at = (name: string) =>
        record(schema, (property, of) => (of === name ? atBound(property) : valid(property)));
      return fc.oneof(...names.map(at));
    }
    case 'array': {
      const { minItems = 0, maxItems = 20, items = {} } = schema;
      const ofLength = (length: number) => fc.array(valid(items), { minLength: length, maxLength: length });
      return fc.oneof(
        ofLength(minItems),
        ofLength(maxItems),
        fc.array(atBound(items), { minLength: 1, maxLength: 3 }),
      );
    }
    case 'integer':
      return fc.constantFrom(least(schema), most(schema));
    default:
      // The bounds of a pattern are in the pattern.
      if (schema.pattern !== undefined || schema.enum) return text(schema);
      return fc.oneof(
        text({ ...schema, maxLength: minLength(schema) }),
        text({ ...schema, minLength: maxLength(schema) }),
      );
  }
}

/** Values that break the schema in one place. */
export function broken(schema: Schema): fc.Arbitrary<Broken> {
  return fc.oneof(...defects(schema).map(({ why, values }) => values.map((value) => ({ value, why }))));
}

interface Defect {
  why: string;
  values: Values;
}

function defects(schema: Schema): Defect[] {
  return [{ why: `is no ${schema.type}`, values: ofAnotherType(schema.type) }, ...inside(schema)];
}

function inside(schema: Schema): Defect[] {
  switch (schema.type) {
    case 'object':
      return inObject(schema);
    case 'array':
      return inArray(schema);
    case 'integer':
      return [
        { why: 'is too small', values: fc.constantFrom(least(schema) - 1, -(2 ** 53) + 1, -0.5) },
        { why: 'is too large', values: fc.constantFrom(most(schema) + 1, 2 ** 53, 1e300) },
        { why: 'is no whole number', values: fc.constant(least(schema) + 0.5) },
      ];
    default:
      return inText(schema);
  }
}

function inObject(schema: Schema): Defect[] {
  const { properties = {}, required = [], additionalProperties } = schema;
  const whole = valid(schema) as fc.Arbitrary<Record<string, unknown>>;
  const inProperty = ([name, property]: [string, Schema]): Defect[] =>
    defects(property).map(({ why, values }) => ({
      why: `/${name}${why.startsWith('/') ? '' : ' '}${why}`,
      values: fc.tuple(whole, values).map(([object, value]) => ({ ...object, [name]: value })),
    }));
  const without = (name: string): Defect => ({
    why: `/${name} is missing`,
    values: whole.map(({ [name]: _, ...others }) => others),
  });
  const unknown = fc
    .string({ minLength: 1, maxLength: 20 })
    .filter((name) => !(name in properties) && name !== '__proto__');
  return [
    ...Object.entries(properties).flatMap(inProperty),
    ...required.map(without),
    ...(additionalProperties === false
      ? [
          {
            why: 'has an unknown property',
            values: fc
              .tuple(whole, unknown, fc.constantFrom(null, true, 1, 'x', [], {}))
              .map(([object, name, value]) => ({ ...object, [name]: value })),
          },
        ]
      : []),
  ];
}

function inArray({ minItems = 0, maxItems, items = {} }: Schema): Defect[] {
  const inItem = defects(items).map(({ why, values }) => ({
    why: `/…${why.startsWith('/') ? '' : ' '}${why}`,
    values: fc
      .tuple(fc.array(valid(items), { maxLength: 2 }), values)
      .map(([others, value]) => [...others, value]),
  }));
  return [
    ...inItem,
    ...(minItems > 0 ? [{ why: 'is too short', values: fc.constant([]) }] : []),
    ...(maxItems === undefined
      ? []
      : [
          {
            why: 'is too long',
            values: valid(items).map((item) => Array.from({ length: maxItems + 1 }, () => item)),
          },
        ]),
  ];
}

function inText(schema: Schema): Defect[] {
  const { pattern, enum: values } = schema;
  return [
    ...(minLength(schema) > 0 ? [{ why: 'is empty', values: fc.constant('') }] : []),
    ...(schema.maxLength === undefined
      ? []
      : [{ why: 'is too long', values: fc.constant('x'.repeat(schema.maxLength + 1)) }]),
    ...(values
      ? [{ why: 'is none of the list', values: fc.constantFrom('', 'DELETED', `${values[0]} `) }]
      : []),
    ...(pattern === undefined
      ? []
      : [
          {
            why: 'does not match',
            values: fc
              .oneof(fc.constantFrom('', 'a\0b'), fc.string())
              .filter((each) => !new RegExp(pattern).test(each)),
          },
        ]),
    // Of a text that is stored, no document can say it in a pattern that all validators know.
    ...(pattern === undefined && !values
      ? [
          {
            why: 'is no plain text',
            values: fc.constantFrom('a\0', 'a\nb', '\u001b[31m', '\u0085', '\ud800', 'x\udfff'),
          },
        ]
      : []),
  ];
}

function ofAnotherType(type = 'string'): Values {
  const values: Record<string, unknown> = {
    object: {},
    array: [],
    integer: 7,
    string: 'text',
    boolean: true,
    null: null,
  };
  const others = Object.entries(values).filter(([name]) => name !== type);
  return fc.constantFrom(...others.map(([, value]) => value));
}

function record(
  { properties = {}, required = [] }: Schema,
  valuesOf: (property: Schema, name: string) => Values,
): Values {
  const model = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, valuesOf(schema, name)]),
  );
  return fc.record(model, { requiredKeys: [...required] });
}

function text(schema: Schema): fc.Arbitrary<string> {
  const { pattern, enum: values } = schema;
  if (values) return fc.constantFrom(...values);
  if (pattern !== undefined) {
    const bounds = (each: string) => each.length >= minLength(schema) && each.length <= maxLength(schema);
    return fc.stringMatching(new RegExp(pattern), { size: 'xsmall' }).filter(bounds);
  }
  return fc.string({ unit: plainCharacter, minLength: minLength(schema), maxLength: maxLength(schema) });
}

/** One UTF-16 code unit, printable: then lengths are the same however they are counted. */
const plainCharacter = fc
  .integer({ min: 0x20, max: 0xd7ff })
  .map((code) => String.fromCharCode(code))
  .filter((character) => !/\p{Cc}/u.test(character));

function least({ minimum, exclusiveMinimum }: Schema): number {
  return exclusiveMinimum === undefined ? (minimum ?? Number.MIN_SAFE_INTEGER) : exclusiveMinimum + 1;
}

function most({ maximum = Number.MAX_SAFE_INTEGER }: Schema): number {
  return maximum;
}

function minLength({ minLength: length = 0 }: Schema): number {
  return length;
}

function maxLength({ maxLength: length = 300 }: Schema): number {
  return length;
}
