// Imports none of our files: tools run it from source.

import fc from 'fast-check';

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n'), maxLength: 2 });

/** Different JSON texts of one value: members in any order, white space in any place. */
export function written(value: unknown): fc.Arbitrary<string> {
  if (typeof value !== 'object' || value === null) return spaced(fc.constant(JSON.stringify(value)));
  if (Array.isArray(value)) return spaced(joined(value.map(written)).map((text) => `[${text}]`));
  const members = Object.entries(value).map(([name, member]) =>
    joined([written(name), written(member)], ':'),
  );
  const inAnyOrder = fc.shuffledSubarray(members, { minLength: members.length });
  return spaced(inAnyOrder.chain((those) => joined(those)).map((text) => `{${text}}`));
}

function spaced(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return joined([space, text, space], '');
}

function joined(texts: readonly fc.Arbitrary<string>[], separator = ','): fc.Arbitrary<string> {
  return fc.tuple(...texts).map((parts) => parts.join(separator));
}
