/** How long the windows of the rules are. */
export interface TimeScale {
  /** Seconds that a minute of a window, of `for` or of a limit takes. Less than 60 only in tests. */
  readonly minuteSeconds: number;
}

export const REAL_TIME: TimeScale = { minuteSeconds: 60 };

/** A length of time in the rules, as it is written for a system in real time. */
export class Span {
  /** Such as `5m`: names the window in the names of series, whatever the scale. */
  readonly name: string;
  readonly #minutes: number;

  constructor(name: string, minutes: number) {
    this.name = name;
    this.#minutes = minutes;
  }

  /** In seconds. */
  in({ minuteSeconds }: TimeScale): number {
    return this.#minutes * minuteSeconds;
  }

  /** As Prometheus writes it. */
  text(scale: TimeScale): string {
    return scale === REAL_TIME ? this.name : `${Math.round(this.in(scale) * 1_000)}ms`;
  }
}

/** @param name a number with s, m, h or d */
export function span(name: `${number}${'s' | 'm' | 'h' | 'd'}`): Span {
  const minutes = { s: 1 / 60, m: 1, h: 60, d: 1_440 }[name.at(-1) as 's' | 'm' | 'h' | 'd'];
  return new Span(name, parseFloat(name) * minutes);
}
