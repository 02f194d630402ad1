import { DomainError, type FieldError, type ProblemCode } from '@orders/contracts';
import { isUtf8 } from 'node:buffer';

/** Most arrays and objects inside each other; more are refused before recursive code processes them. */
const MAX_DEPTH = 32;
/** A decimal number of up to 15 digits does not change when it is stored as a double (IEEE 754 binary64). */
const EXACT_DIGITS = 15;

/**
 * Parses JSON. Refuses what is not JSON, and what Node would accept without notice: bytes that are not UTF-8, a byte order
 * mark, a repeated key in one object, the key `__proto__`, more than 32 levels, and numbers that a double would change.
 * `1.0` and `1e2` are the numbers 1 and 100.
 *
 * @throws {DomainError} `malformed-request`, or `validation-failed` for a number that would change
 */
export function parseStrictJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new DomainError('malformed-request', 'The body is not UTF-8');
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DomainError('malformed-request', 'The body is not valid JSON', { cause });
  }
  new Inspection(text).run();
  return value;
}

interface Container {
  /** The keys so far; `undefined` for an array. */
  keys: Set<string> | undefined;
  key: string;
  index: number;
}

/** Checks a text in one pass. The text is known to be valid JSON, so the grammar is not checked again. */
class Inspection {
  private readonly stack: Container[] = [];
  private at = 0;
  private keyExpected = false;

  constructor(private readonly text: string) {}

  run(): void {
    while (this.at < this.text.length) this.token(this.text[this.at]);
  }

  private token(char: string | undefined): void {
    const top = this.stack.at(-1);
    if (char === '"') return this.string(top);
    if (char === '-' || (char !== undefined && char >= '0' && char <= '9')) return this.number();
    this.at += 1;
    if (char === '{' || char === '[') this.open(char === '{');
    else if (char === '}' || char === ']') this.stack.pop();
    else if (char === ',' && top?.keys) this.keyExpected = true;
    else if (char === ',' && top) top.index += 1;
  }

  private open(isObject: boolean): void {
    if (this.stack.length === MAX_DEPTH) this.refuse(`is nested deeper than ${MAX_DEPTH} levels`);
    this.stack.push({ keys: isObject ? new Set() : undefined, key: '', index: 0 });
    this.keyExpected = isObject;
  }

  private string(top: Container | undefined): void {
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    while (this.isEscaped(end)) end = this.text.indexOf('"', end + 1);
    this.at = end + 1;
    if (!this.keyExpected || !top?.keys) return;
    const raw = this.text.slice(start, this.at);
    top.key = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
    if (top.key === '__proto__') this.refuse('is a forbidden key');
    if (top.keys.has(top.key)) this.refuse('appears twice');
    top.keys.add(top.key);
    this.keyExpected = false;
  }

  private isEscaped(quote: number): boolean {
    let before = quote;
    while (this.text[before - 1] === '\\') before -= 1;
    return (quote - before) % 2 === 1;
  }

  private number(): void {
    const start = this.at;
    while (isNumeric(this.text.charCodeAt(this.at))) this.at += 1;
    if (this.at - start <= EXACT_DIGITS && !/e/i.test(this.text.slice(start, this.at))) return;
    if (!isExact(this.text.slice(start, this.at))) {
      this.refuse('has more digits than can be kept exactly', 'validation-failed');
    }
  }

  private refuse(detail: string, code: ProblemCode = 'malformed-request'): never {
    const path = this.stack.map(({ keys, key, index }) => escapePointer(keys ? key : String(index)));
    const error: FieldError = { pointer: path.map((step) => `/${step.slice(0, 64)}`).join(''), detail };
    throw new DomainError(code, `The body cannot be accepted: ${error.pointer || 'it'} ${detail}`, {
      errors: [error],
    });
  }
}

/** One step of an RFC 6901 pointer. */
export function escapePointer(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isNumeric(code: number): boolean {
  // + - . 0-9 E e
  return (
    (code >= 48 && code <= 57) || code === 43 || code === 45 || code === 46 || code === 69 || code === 101
  );
}

/** Does `token` keep its value as a double? */
function isExact(token: string): boolean {
  const value = Number(token);
  return Number.isFinite(value) && normal(token) === normal(String(value));
}

/** Normal form: significant digits and exponent, so that `1.50e3` and `1500` become the same text. */
function normal(token: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const scale = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign ?? ''}${significant}e${scale}`;
}
