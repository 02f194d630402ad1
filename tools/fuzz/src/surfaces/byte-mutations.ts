import fc from 'fast-check';

interface Change {
  kind: 'replace' | 'insert' | 'remove' | 'repeat' | 'flip';
  /** Where, as a part of the whole. */
  at: number;
  length: number;
  bytes: Uint8Array;
}

/** Bytes that mean something to a parser come more often than others. */
const meaningful = fc.constantFrom(...Buffer.from('\0\t\n\r :;,="\\{}[]()<>%/?#&+-0123456789eE\u007f'));
const someBytes = fc
  .array(fc.oneof(meaningful, fc.nat(255)), { minLength: 1, maxLength: 6 })
  .map((bytes) => Uint8Array.from(bytes));

/** One to four changes of a text of bytes. */
export const mutationsOfBytes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('replace', 'insert', 'remove', 'repeat', 'flip'),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    length: fc.integer({ min: 1, max: 12 }),
    bytes: someBytes,
  }),
  { minLength: 1, maxLength: 4 },
);

/** The bytes with all changes, one after the other. */
export function mutated(bytes: Buffer, changes: readonly Change[]): Buffer {
  return changes.reduce(change, bytes);
}

function change(bytes: Buffer, { kind, at, length, bytes: others }: Change): Buffer {
  const start = Math.floor(at * bytes.length);
  const [before, piece, after] = [
    bytes.subarray(0, start),
    bytes.subarray(start, start + length),
    bytes.subarray(start + length),
  ];
  switch (kind) {
    case 'replace':
      return Buffer.concat([before, others, bytes.subarray(start + others.length)]);
    case 'insert':
      return Buffer.concat([before, others, bytes.subarray(start)]);
    case 'remove':
      return Buffer.concat([before, after]);
    case 'repeat':
      return Buffer.concat([before, piece, piece, after]);
    case 'flip':
      return Buffer.concat([before, piece.map((byte) => byte ^ (1 << (length % 8))), after]);
  }
}
