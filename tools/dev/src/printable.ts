const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Foreign text on one line, control characters escaped as `\u001b`, so that it cannot control the reader's terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (control) => {
    return NAMED[control] ?? `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
