/** The slope of the least-squares line through values at even intervals, in their unit per interval. */
export function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const rise = values.reduce((sum, value, n) => sum + (n - middle) * (value - mean), 0);
  const run = values.reduce((sum, _, n) => sum + (n - middle) ** 2, 0);
  return rise / run;
}
