import { pino, type DestinationStream } from 'pino';

/** Buffered bytes at which the buffer is flushed. */
const FLUSH_BYTES = 32_768;
/** Longest time that a line stays in the buffer, in ms. */
const FLUSH_MS = 100;

/**
 * Buffers lines and flushes them when there are 32 KiB, after 100 ms, and when the process exits.
 *
 * @param fd file descriptor to write to; default: stdout
 */
export function bufferedLines(fd = 1): DestinationStream & { flushSync(): void } {
  // It gets buffers, because pino's stream measures all buffered text again for each new string.
  const out = pino.destination({
    dest: fd,
    sync: false,
    minLength: FLUSH_BYTES,
    // Must be above minLength; the default is below.
    maxWrite: 2 * FLUSH_BYTES,
    periodicFlush: FLUSH_MS,
    contentMode: 'buffer',
  });
  const write = out.write.bind(out) as (line: Buffer | string) => boolean;
  return { write: (line) => void write(Buffer.from(line)), flushSync: () => out.flushSync() };
}
