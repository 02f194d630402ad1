import type { Receipt } from '@orders/messaging';

/**
 * The lowest sequence that the stream has given twice, having lost what it gave it to first. What is behind the cursor
 * gets higher sequences than what is before it, repeats too, and each its own.
 *
 * @param passed the highest sequence before the cursor
 * @param held repeats up to here may be lower: they were in the stream before what is before the cursor
 */
export function lowestReused(receipts: readonly Receipt[], passed: number, held: number): number | undefined {
  const given = new Set<number>();
  const reused: number[] = [];
  for (const { sequence, duplicate } of receipts) {
    const isLate = sequence <= passed && !(duplicate && sequence <= held);
    if (isLate || given.has(sequence)) reused.push(sequence);
    given.add(sequence);
  }
  return reused.length > 0 ? Math.min(...reused) : undefined;
}
