const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
];

/**
 * Checks `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`. With a wrong value the SDK would record every request, with
 * nothing but a diagnostic that nobody sees. Without a value its defaults hold: `parentbased_always_on`, and a ratio of 1.
 *
 * @throws Error that names the variable and what it may be
 */
export function checkSampler(env: Readonly<Record<string, string | undefined>>): void {
  const { OTEL_TRACES_SAMPLER: sampler = '', OTEL_TRACES_SAMPLER_ARG: ratio } = env;
  if (sampler === '') return;
  if (!SAMPLERS.includes(sampler))
    throw new Error(`OTEL_TRACES_SAMPLER is "${sampler}": must be one of ${SAMPLERS.join(', ')}`);
  if (!sampler.endsWith('traceidratio') || ratio === undefined) return;
  const isRatio = ratio.trim() !== '' && Number(ratio) >= 0 && Number(ratio) <= 1;
  if (!isRatio) throw new Error(`OTEL_TRACES_SAMPLER_ARG is "${ratio}": must be a number from 0 to 1`);
}
