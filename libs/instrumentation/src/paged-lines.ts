import { type DestinationStream, pino } from 'pino';

/** What makes a page, in characters; pino's stream writes 16,384 bytes at once. */
const PAGE_LENGTH = 16_000;
/** How long a line may wait for others to be written with it, in ms. */
const FLUSH_MS = 100;

/**
 * Writes lines by the page, or after 100 ms; an exit writes what is left. pino's stream gathers lines too, but measures
 * all that it holds for each new one.
 */
export class PagedLines implements DestinationStream {
  private lines = '';
  private readonly out: ReturnType<typeof pino.destination>;

  /** @param fd default: stdout */
  constructor(fd = 1) {
    // What is less than a page waits for a flush: none of it is under way when the process exits.
    this.out = pino.destination({ dest: fd, sync: false, minLength: PAGE_LENGTH });
    setInterval(() => this.flush(), FLUSH_MS).unref();
    // Before pino's own listeners: they write what the stream has by then.
    const handOver = () => this.handOver();
    process.prependListener('beforeExit', handOver).prependListener('exit', handOver);
  }

  write(line: string): void {
    this.lines += line;
    if (this.lines.length >= PAGE_LENGTH) this.flush();
  }

  /** Returns when all is written; pino calls it after a `fatal` line. */
  flushSync(): void {
    this.handOver();
    this.out.flushSync();
  }

  private flush(): void {
    this.handOver();
    this.out.flush();
  }

  private handOver(): void {
    if (this.lines === '') return;
    this.out.write(this.lines);
    this.lines = '';
  }
}
