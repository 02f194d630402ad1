/** The place of a value in a {@link LinkedList}. */
export class Link<Value> {
  previous: Link<Value> | undefined;
  next: Link<Value> | undefined;

  constructor(
    readonly value: Value,
    /** undefined once it was removed. */
    public list: LinkedList<Value> | undefined,
  ) {}
}

/**
 * Values in insertion order, each of which can be removed in constant time.
 *
 * Use it instead of a Map or a Set for thousands of values that are added and removed in a second. When V8 gives a Map or
 * Set a new table, the old table keeps its entries and a reference to the new one. Once the garbage collector has moved a
 * table to the old generation, it keeps and moves all later tables, and all that they ever held, until it collects the
 * old generation (docs/adr/0017). A link that was removed has no reference to the others.
 */
export class LinkedList<Value> {
  first: Link<Value> | undefined;
  private last: Link<Value> | undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(value: Value): Link<Value> {
    const link = new Link<Value>(value, this);
    link.previous = this.last;
    if (this.last) this.last.next = link;
    else this.first = link;
    this.last = link;
    this.count += 1;
    return link;
  }

  /** @returns false when `link` was removed before, or is in another list */
  remove(link: Link<Value>): boolean {
    if (link.list !== this) return false;
    const { previous, next } = link;
    if (previous) previous.next = next;
    else this.first = next;
    if (next) next.previous = previous;
    else this.last = previous;
    link.list = link.previous = link.next = undefined;
    this.count -= 1;
    return true;
  }

  /** A copy, so that the list may change while it is iterated. */
  values(): Value[] {
    const values: Value[] = [];
    for (let link = this.first; link; link = link.next) values.push(link.value);
    return values;
  }
}
