/** `12.3`, `0`, or a dash when it is not known. */
export function rate(value: number | null): string {
  if (value === null) return '–';
  return value === 0 ? '0' : value.toFixed(value < 10 ? 1 : 0);
}

export function whole(value: number | null): string {
  return value === null ? '–' : Math.round(value).toLocaleString('en');
}

/** `4 ms`, `1.2 s`, `3 min`. */
export function seconds(value: number | null): string {
  if (value === null) return '–';
  if (value < 1) return `${Math.round(value * 1_000)} ms`;
  return value < 120 ? `${value.toFixed(1)} s` : `${Math.round(value / 60)} min`;
}

export function money(cents: number): string {
  return (cents / 100).toLocaleString('en', { minimumFractionDigits: 2 });
}

/** Local time with milliseconds. */
export function time(text: string): string {
  const date = new Date(text);
  return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

export function dateTime(text: string): string {
  return new Date(text).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}
