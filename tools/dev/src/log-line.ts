import { styleText } from 'node:util';
import { printable } from './printable.ts';

export type Style = Extract<Parameters<typeof styleText>[0], string>;

const LEVELS: Record<number, [name: string, style: Style]> = {
  10: ['trace', 'gray'],
  20: ['debug', 'gray'],
  30: ['info', 'green'],
  40: ['warn', 'yellow'],
  50: ['error', 'red'],
  60: ['fatal', 'red'],
};

/** Fields left out: already in the prefix, or of no use on one machine. */
const LEFT_OUT = new Set([
  'level',
  'time',
  'msg',
  'name',
  'pid',
  'hostname',
  'service',
  'spanId',
  'traceFlags',
  'v',
]);
const LONGEST_VALUE = 160;

/** Colours, or not. */
export type Paint = (style: Style, text: string) => string;

export function painter(colours: boolean): Paint {
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

/**
 * One JSON log line as one readable line: time, level, message, then the other fields as key=value. A line that is no
 * JSON object stays as it is. Control characters are escaped in either.
 */
export function formatLogLine(line: string, paint: Paint): string {
  const record = parseObject(line);
  if (!record) return printable(line);
  const [level, style] = LEVELS[Number(record.level)] ?? [printable(text(record.level)), 'white'];
  const rest = flatten(record)
    .filter(([key]) => !LEFT_OUT.has(key))
    .map(([key, value]) => paint('gray', printable(`${key}=${shown(value)}`)));
  const head = [
    paint('gray', clock(record.time)),
    paint(style, level.padEnd(5)),
    printable(text(record.msg)),
  ];
  return [...head, ...rest].filter((part) => part !== '').join(' ');
}

/** `req: { method, url }` becomes `req.method` and `req.url`; deeper values and lists stay JSON. Headers are left out. */
function flatten(record: Record<string, unknown>): [string, unknown][] {
  return Object.entries(record).flatMap(([key, value]): [string, unknown][] => {
    if (key === 'err' && isObject(value))
      return [['err', `${text(value.type) || 'Error'}: ${text(value.message)}`]];
    if (!isObject(value)) return [[key, value]];
    return Object.entries(value)
      .filter(([inner]) => inner !== 'headers')
      .map(([inner, deep]): [string, unknown] => [`${key}.${inner}`, deep]);
  });
}

/** The value of a field that should be text; '' when it is not. */
function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function shown(value: unknown): string {
  const whole = typeof value === 'string' ? value : JSON.stringify(value);
  return whole.length > LONGEST_VALUE ? `${whole.slice(0, LONGEST_VALUE)}…` : whole;
}

function clock(time: unknown): string {
  const date = new Date(typeof time === 'string' || typeof time === 'number' ? time : NaN);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(11, 23);
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
