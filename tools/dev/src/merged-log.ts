import { formatLogLine, painter, type Style } from './log-line.ts';
import { EVERY_APP } from './stack/declarations.ts';

const COLOURS: Record<string, Style> = {
  ...Object.fromEntries(EVERY_APP.map(({ name, colour }) => [name, colour])),
  system: 'yellow',
};
const WIDTH = Math.max(...['nats-server', ...Object.keys(COLOURS)].map(({ length }) => length));

const MOST_HELD_LINES = 500;

/** When the reader cannot keep up (a paused pager), lines are dropped: memory does not grow and no app waits. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

/** One coloured log of all apps. It holds its lines back until `release`, so that they do not run into the progress display. */
export class MergedLog {
  readonly #out: NodeJS.WriteStream;
  readonly #paint: ReturnType<typeof painter>;
  #dropped = 0;
  #held: string[] | undefined = [];

  constructor(out: NodeJS.WriteStream, colours: boolean) {
    this.#out = out;
    this.#paint = painter(colours);
  }

  /** A line that an app printed. */
  line(app: string, line: string): void {
    if (line.trim() !== '') this.#write(app, formatLogLine(line, this.#paint));
  }

  /** Something that happened to an app. */
  event(app: string, text: string): void {
    this.#write(app, this.#paint('yellow', text));
  }

  /** Prints what was held back, and from now on everything as it comes. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#out.write(held.join(''));
  }

  #write(app: string, text: string): void {
    const line = `${this.#paint(COLOURS[app] ?? 'white', app.padEnd(WIDTH))} ${text}\n`;
    if (this.#held) {
      this.#held = [...this.#held.slice(-MOST_HELD_LINES), line];
      return;
    }
    if (this.#out.writableLength > MOST_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) this.#out.write(`… ${this.#dropped} lines left out: the terminal was too slow\n`);
    this.#dropped = 0;
    this.#out.write(line);
  }
}
