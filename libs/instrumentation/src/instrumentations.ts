import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import { register } from 'import-in-the-middle/register-hooks.mjs';
import { isBuiltin } from 'node:module';

import { INSTRUMENTATIONS, type InstrumentationName } from './instrumentation-names.js';

type Instrumentation = ReturnType<typeof getNodeAutoInstrumentations>[number];
type Environment = Readonly<Record<string, string | undefined>>;

/** Off unless the environment enables them: our own edges make the spans, or there is one for each system call. */
const OFF_BY_DEFAULT: readonly InstrumentationName[] = [
  ...(['http', 'grpc', 'pg'] as const),
  ...(['dns', 'net', 'router', 'pino', 'fs', 'host-metrics', 'runtime-node'] as const),
];

/** Compiled into the bundles (docs/adr/0017): no instrumentation can patch them there. */
const COMPILED_IN: readonly InstrumentationName[] = ['pg', 'pino', 'nestjs-core'];

/**
 * Patches the libraries that `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `OTEL_NODE_DISABLED_INSTRUMENTATIONS` choose; without
 * them all that `@opentelemetry/auto-instrumentations-node` knows but {@link OFF_BY_DEFAULT}. Call it before they are
 * loaded.
 *
 * @returns the instrumentations for the SDK
 * @throws Error that names a variable with an unknown name in it, or with one of a library that cannot be patched
 */
export function patchLibraries(env: Environment): Instrumentation[] {
  const enabled = namesIn(env, 'OTEL_NODE_ENABLED_INSTRUMENTATIONS');
  namesIn(env, 'OTEL_NODE_DISABLED_INSTRUMENTATIONS');
  const compiledIn = COMPILED_IN.filter((name) => enabled.includes(name));
  if (compiledIn.length > 0)
    throw new Error(`OTEL_NODE_ENABLED_INSTRUMENTATIONS: ${compiledIn.join(', ')}: is part of the bundle`);
  const off = enabled.length > 0 ? [] : OFF_BY_DEFAULT;
  const instrumentations = getNodeAutoInstrumentations({
    ...Object.fromEntries(off.map((name) => [`@opentelemetry/instrumentation-${name}`, { enabled: false }])),
    '@opentelemetry/instrumentation-undici': { requireParentforSpans: true, startSpanHook: withoutQuery },
  });
  // Without a list, the hook takes the chunks of a bundle too, and those that import each other do not start.
  const include = instrumentations.flatMap(librariesOf);
  if (include.length > 0) register({ include });
  return instrumentations;
}

/** A query may hold personal data. */
function withoutQuery({ origin, path }: { origin: string; path: string }) {
  return { 'url.full': new URL(path.split('?', 1)[0] ?? '', origin).href, 'url.query': '' };
}

/** Names of the packages that an instrumentation patches. */
function librariesOf(instrumentation: Instrumentation): string[] {
  if (!('getModuleDefinitions' in instrumentation)) return [];
  const definitions = (instrumentation.getModuleDefinitions as () => { name: string }[])();
  return definitions.map(({ name }) => name).filter((name) => !isBuiltin(name));
}

function namesIn(env: Environment, variable: string): string[] {
  const names = (env[variable] ?? '').split(',').map((name) => name.trim());
  if (names.length === 1 && names[0] === '') return [];
  const known: readonly string[] = INSTRUMENTATIONS;
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  throw new Error(`${variable}: unknown: ${unknown.join(', ')}; known are ${known.join(', ')}`);
}
