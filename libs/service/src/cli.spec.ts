import { describe, expect, it } from '@jest/globals';
import { CliError, parseCli, printable, Progress } from './cli.js';

describe('parseCli', () => {
  const config = (args: string[]) => ({ args, options: { rate: { type: 'string' as const } } });

  it('reads what it knows', () => {
    expect(parseCli(config(['--rate', '5']), 'x').values.rate).toBe('5');
  });

  it('refuses anything else in one line, with the usage and exit code 2', () => {
    let thrown: unknown;
    try {
      parseCli(config(['--rat', '5']), 'x [--rate N]');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CliError);
    expect(thrown).toMatchObject({ exitCode: 2, message: "Unknown option '--rat'. Usage: x [--rate N]" });
  });
});

describe('printable', () => {
  it('shows control characters instead of sending them to the terminal, and keeps lines and tabs', () => {
    expect(printable('a\u001b[2J\u009b1m\r\0\u007f')).toBe('a\\u001b[2J\\u009b1m\\u000d\\u0000\\u007f');
    expect(printable('{\n\t"ü": "€"\n}')).toBe('{\n\t"ü": "€"\n}');
  });
});

describe('Progress', () => {
  it('says nothing for 2 s, then one line a second', () => {
    let now = 0;
    const lines: string[] = [];
    const progress = new Progress({ write: (text) => lines.push(String(text)) > 0, isTTY: false }, () => now);
    for (; now <= 4_000; now += 100) progress.show(`${now}`);
    expect(lines).toEqual(['2000\n', '3000\n', '4000\n']);
  });
});
