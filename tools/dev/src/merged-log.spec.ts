import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { MergedLog } from './merged-log.ts';

/** A terminal that takes nothing until told to. */
class SlowTerminal extends Writable {
  text = '';
  #resume: (() => void) | undefined;
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    this.#resume = done;
  }
  resume(): void {
    for (let next = this.#resume; next; next = this.#resume) {
      this.#resume = undefined;
      next();
    }
  }
}

function terminal(): SlowTerminal & NodeJS.WriteStream {
  return new SlowTerminal() as SlowTerminal & NodeJS.WriteStream;
}

describe('the merged log', () => {
  it('holds lines back until it is released', () => {
    const out = terminal();
    const log = new MergedLog(out, false);
    log.line('orders', 'early');
    expect(out.text).toBe('');
    log.release();
    expect(out.text).toBe('orders      early\n');
  });

  it('leaves lines out rather than fill the memory, and says how many', () => {
    const out = terminal();
    const log = new MergedLog(out, false);
    log.release();
    for (let line = 0; line < 6000; line += 1) log.line('orders', 'x'.repeat(1000));
    expect(out.writableLength).toBeLessThan(5 * 1024 * 1024);
    out.resume();
    log.line('orders', 'after');
    out.resume();
    expect(out.text).toMatch(/… \d+ lines left out/);
    expect(out.text).toContain('after');
  });
});
