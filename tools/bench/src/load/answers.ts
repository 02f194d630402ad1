const MARK = 'HTTP/1.1 ';
const STATUS_END = MARK.length + 3;

/** Reads the status of each answer on a connection, however its bytes are split into chunks. No body contains the mark. */
export class Answers {
  #rest: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): number[] {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const statuses: number[] = [];
    let from = 0;
    for (;;) {
      const at = data.indexOf(MARK, from, 'latin1');
      if (at < 0 || at + STATUS_END > data.length) break;
      statuses.push(Number(data.toString('latin1', at + MARK.length, at + STATUS_END)));
      from = at + STATUS_END;
    }
    // The chunk may end inside a mark: what could be its beginning is kept.
    this.#rest = Buffer.from(data.subarray(Math.max(from, data.length - STATUS_END + 1)));
    return statuses;
  }
}
