const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text of others on one line, control characters as `\u001b`: it must not command the terminal of whoever reads it. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (control) => {
    return NAMED[control] ?? `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
