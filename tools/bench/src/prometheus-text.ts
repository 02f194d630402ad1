/** The sum of the series of a metric that carry these labels, in Prometheus' text format; 0 when there is none. */
export function sumOf(text: string, name: string, labels: Record<string, string> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((pair) => line.includes(pair)))
    .map((line) => Number(/^[^{ ]+(?:\{.*\})? (\S+)/.exec(line)?.[1]))
    .reduce((sum, value) => sum + value, 0);
}
