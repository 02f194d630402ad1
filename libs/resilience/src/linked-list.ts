/** Where a value is in a {@link LinkedList}. */
export class Link<Value> {
  previous: Link<Value> | undefined;
  next: Link<Value> | undefined;

  constructor(
    readonly value: Value,
    /** undefined once it was taken out. */
    public list: LinkedList<Value> | undefined,
  ) {}
}

/**
 * Values in the order of their coming, which go again from anywhere.
 *
 * For what comes and goes by the thousand a second, in place of a Map or a Set: when V8 makes those a new table, it keeps
 * in the old one what was in it and a way to the new one. Once the garbage collector has moved a table to the old
 * generation, all tables after it, and whatever they ever held, are kept and moved as well until the old generation is
 * collected (docs/adr/0017). A link that was taken out knows nothing of the others.
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

  /** @returns false when it had been taken out before */
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

  /** A copy: the list may change meanwhile. */
  values(): Value[] {
    const values: Value[] = [];
    for (let link = this.first; link; link = link.next) values.push(link.value);
    return values;
  }
}
