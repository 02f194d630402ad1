import type { Receipt } from '@orders/messaging';

/**
 * The lowest sequence that the stream has assigned again, after it lost the message that had it first; undefined when
 * there is none. In an intact stream each entry after the cursor, duplicate or not, gets a sequence of its own that is
 * higher than those of the entries before the cursor.
 *
 * @param passed the highest sequence of the entries before the cursor
 * @param duplicatesUpTo duplicates with a sequence up to this one may be lower than `passed`: the stream stored them
 *   before the entries before the cursor
 */
export function lowestReused(
  receipts: readonly Receipt[],
  passed: number,
  duplicatesUpTo: number,
): number | undefined {
  const seen = new Set<number>();
  const reused: number[] = [];
  for (const { sequence, duplicate } of receipts) {
    const isTooLow = sequence <= passed && !(duplicate && sequence <= duplicatesUpTo);
    if (isTooLow || seen.has(sequence)) reused.push(sequence);
    seen.add(sequence);
  }
  return reused.length > 0 ? Math.min(...reused) : undefined;
}
