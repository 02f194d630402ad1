import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '@orders/dev/stack/paths';
import { rolldown } from 'rolldown';
import { z } from 'zod';
import type { ChartFacts } from './facts.ts';
import { closed, type JsonSchema } from './json-schema.ts';

/** Set by the templates of the chart: ports beside those of the facts, the shutdown, and files of mounted Secrets. */
const SET_BY_CHART = [
  ...['MANAGEMENT_PORT', 'SHUTDOWN_WAIT_MS', 'SHUTDOWN_DRAIN_MS'],
  ...['TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_CA_FILE'],
];
const SET_FOR_NATS = ['NATS_CREDS_FILE', 'NATS_NKEY_SEED_FILE', 'NATS_CA_FILE'];
/** Not for a cluster: pods listen everywhere, and `memory` loses orders with the process. */
const NOT_IN_A_CLUSTER = ['HOST', 'STORAGE'];

/**
 * Variables of OpenTelemetry that hold no secret, read by its SDK:
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
const OTEL = [
  ...['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_TIMEOUT'],
  ...['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_COMPRESSION', 'OTEL_EXPORTER_OTLP_CERTIFICATE'],
  ...['OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG', 'OTEL_RESOURCE_ATTRIBUTES', 'OTEL_SERVICE_NAME'],
  ...['OTEL_PROPAGATORS', 'OTEL_LOG_LEVEL', 'OTEL_SDK_DISABLED', 'OTEL_BSP_SCHEDULE_DELAY'],
  ...['OTEL_BSP_EXPORT_TIMEOUT', 'OTEL_BSP_MAX_QUEUE_SIZE', 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE'],
  ...['OTEL_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_SPAN_EVENT_COUNT_LIMIT'],
];
const SAMPLERS = ['always_on', 'always_off', 'traceidratio'];
const OTEL_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  OTEL_EXPORTER_OTLP_ENDPOINT: { type: 'string', pattern: '^(https?://.+)?$' },
  OTEL_TRACES_SAMPLER: {
    enum: ['', ...['', 'parentbased_'].flatMap((base) => SAMPLERS.map((name) => `${base}${name}`))],
  },
};

/**
 * The schema of the value `config` of an app: what the app's own schema takes, without what the chart sets.
 * @throws when the chart sets a variable that the app does not know
 */
export async function configSchema(app: string, facts: ChartFacts): Promise<JsonSchema> {
  const { properties, required } = variablesOf(await importConfig(app));
  const ports = facts.ports.map(({ variable }) => variable);
  const set = [...SET_BY_CHART, ...ports, ...facts.secrets, ...(facts.nats ? SET_FOR_NATS : [])];
  const unknown = set.filter((name) => !(name in properties));
  if (unknown.length > 0)
    throw new Error(`${app}: its chart sets ${unknown.join(', ')}, and it reads none of it`);
  const isValue = (name: string) => ![...set, ...NOT_IN_A_CLUSTER].includes(name);
  const own = Object.entries(properties).filter(([name]) => isValue(name));
  const otel = OTEL.map((name) => [name, OTEL_SCHEMAS[name] ?? { type: ['string', 'number'] }]);
  return closed(Object.fromEntries([...own, ...otel]) as Record<string, JsonSchema>, [
    'LOG_LEVEL',
    ...required.filter(isValue),
  ]);
}

interface Variables {
  properties: Record<string, JsonSchema>;
  required: string[];
}

/** All variables of an app's schema, as values: numbers as numbers, and '' for the app's default. */
export function variablesOf(schema: z.ZodType): Variables {
  const input = flatten(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  const output = flatten(z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }));
  const properties = Object.entries(input.properties).map(([name, text]) => {
    const isRequired = input.required.includes(name);
    return [name, asValue(text, output.properties[name] ?? {}, isRequired)];
  });
  return { properties: Object.fromEntries(properties) as Variables['properties'], required: input.required };
}

/** Objects in `allOf`, `anyOf` and `oneOf` are one for an environment. */
function flatten(schema: JsonSchema): Variables {
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((key) => (schema[key] as JsonSchema[] | undefined) ?? []);
  const found = [...parts.map(flatten), schema as unknown as Partial<Variables>];
  return {
    properties: Object.assign({}, ...found.map(({ properties }) => properties)) as Variables['properties'],
    required: [...new Set(found.flatMap(({ required = [] }) => required))],
  };
}

function asValue(input: JsonSchema, output: JsonSchema, isRequired: boolean): JsonSchema {
  const { minimum, maximum } = output;
  if (typeof maximum === 'number')
    return isRequired
      ? { type: 'integer', minimum, maximum }
      : { type: ['integer', 'string'], minimum, maximum, maxLength: 0 };
  if (Array.isArray(input['enum']))
    return { enum: isRequired ? input['enum'] : ['', ...(input['enum'] as string[])] };
  const pattern = input['pattern'] as string | undefined;
  if (pattern === undefined) return { type: 'string', ...(isRequired && { minLength: 1 }) };
  return { type: 'string', pattern: isRequired ? pattern : `^$|${pattern}` };
}

/** The app's schema, compiled from its sources: what an app is made of is no dependency of a tool. */
async function importConfig(app: string): Promise<z.ZodType> {
  const folder = join(ROOT, 'apps', app);
  const [input] = ['src/config.ts', 'src/app.ts'].map((file) => join(folder, file)).filter(existsSync);
  if (input === undefined) throw new Error(`apps/${app}: neither src/config.ts nor src/app.ts`);
  // Beside the packages that it imports.
  const file = join(ROOT, 'node_modules', `.config-of-${app}-${process.pid}.mjs`);
  await using bundle = await rolldown({
    input,
    platform: 'node',
    tsconfig: join(folder, 'tsconfig.json'),
    // Helpers of the compiler are no package of the workspace.
    external: (id) => /^[@a-z]/.test(id) && !/^@(orders|oxc-project)\//.test(id),
    onLog: () => undefined,
  });
  try {
    await bundle.write({ file, format: 'esm', codeSplitting: false });
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    const schemas = Object.values(module).filter((value) => value instanceof z.ZodType);
    if (schemas.length !== 1 || !schemas[0]) throw new Error(`${input}: exports ${schemas.length} schemas`);
    return schemas[0];
  } finally {
    await rm(file, { force: true });
  }
}
