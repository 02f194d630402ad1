import { pino, type DestinationStream } from 'pino';

/** What makes a page, in bytes. */
const PAGE_LENGTH = 32_768;
/** How long a line may wait for others to be written with it, in ms. */
const FLUSH_MS = 100;

/**
 * Writes lines by the page, or after 100 ms; an exit writes what is left.
 *
 * @param fd default: stdout
 */
export function paged(fd = 1): DestinationStream & { flushSync(): void } {
  // Given buffers: of texts, pino's stream measures all that it holds for each new one.
  const out = pino.destination({
    dest: fd,
    sync: false,
    minLength: PAGE_LENGTH,
    // Must be more than a page; the default is less.
    maxWrite: 2 * PAGE_LENGTH,
    periodicFlush: FLUSH_MS,
    contentMode: 'buffer',
  });
  const write = out.write.bind(out) as (line: Buffer | string) => boolean;
  return { write: (line) => void write(Buffer.from(line)), flushSync: () => out.flushSync() };
}
