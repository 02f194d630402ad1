import { describe, expect, it } from '@jest/globals';
import { CliError } from './cli-error.js';
import { parseCli, printable, Progress, rateOf } from './cli.js';

describe('parseCli', () => {
  const config = (args: string[]) => ({ args, options: { rate: { type: 'string' as const } } });

  it('parses the options of its config', () => {
    expect(parseCli(config(['--rate', '5'])).values.rate).toBe('5');
  });

  it.each([
    [['--rat', '5'], "Unknown option '--rat' (--help says how)"],
    [['--rate', '--rat'], "Option '--rate' argument is ambiguous (--help says how)"],
  ])('refuses %j in one line with exit code 2', (args, message) => {
    const thrown = expect.objectContaining({ exitCode: 2, message });
    expect(() => parseCli(config(args))).toThrow(CliError);
    expect(() => parseCli(config(args))).toThrow(thrown);
  });
});

describe('rateOf', () => {
  it.each(['0', '-1', 'NaN', 'Infinity', '1e400', '', 'fast', '1e-9'])('refuses "%s"', (text) => {
    expect(() => rateOf('rate', text)).toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(() => rateOf('rate', text)).toThrow(`--rate ${text}: `);
  });

  it.each(['0.001', '50', '1000000'])('accepts %s', (text) => {
    expect(rateOf('rate', text)).toBe(Number(text));
  });
});

describe('printable', () => {
  it('escapes control characters, and keeps line feeds and tabs', () => {
    expect(printable('a\u001b[2J\u009b1m\r\0\u007f')).toBe('a\\u001b[2J\\u009b1m\\u000d\\u0000\\u007f');
    expect(printable('{\n\t"ü": "€"\n}')).toBe('{\n\t"ü": "€"\n}');
  });
});

describe('Progress', () => {
  it('shows nothing for 2 s, then one line a second', () => {
    let now = 0;
    const lines: string[] = [];
    const progress = new Progress({ write: (text) => lines.push(String(text)) > 0, isTTY: false }, () => now);
    for (; now <= 4_000; now += 100) progress.show(`${now}`);
    expect(lines).toEqual(['2000\n', '3000\n', '4000\n']);
  });
});
