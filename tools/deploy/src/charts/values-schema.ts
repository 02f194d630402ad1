import {
  closed,
  integer,
  list,
  NAME,
  OBJECT,
  oneOf,
  text,
  type JsonSchema,
  type Properties,
} from './json-schema.ts';
import { SHARED } from './shared-schema.ts';

const QUANTITY = text('^[0-9]+(\\.[0-9]+)?(m|Ki|Mi|Gi)?$');
const AMOUNTS = { cpu: QUANTITY, memory: QUANTITY };

/** YAML and --set make numbers of some tags: 1234567, 1.10, 1e3. The message of `const` is what helm prints. */
const TAG: JsonSchema = {
  type: ['string', 'number'],
  pattern: '^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$',
  if: { type: 'number' },
  then: { const: 'a text: quote the tag in a values file, or use --set-string instead of --set' },
};

/** Values that each chart has of its own. */
const OWN: Properties = {
  image: closed(
    {
      repository: { type: 'string', minLength: 1 },
      tag: TAG,
      digest: text('^(sha256:[0-9a-f]{64})?$'),
      pullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
    },
    ['repository'],
  ),
  imagePullSecrets: list(closed({ name: NAME }, ['name'])),
  replicaCount: integer(1),
  resources: closed({ requests: closed(AMOUNTS, ['cpu', 'memory']), limits: closed(AMOUNTS, ['memory']) }, [
    'requests',
    'limits',
  ]),
};

/** Not together: either sets the number of replicas. */
const ONE_SCALER: JsonSchema = {
  if: {
    required: ['keda'],
    properties: { keda: { properties: { enabled: { const: true } } } },
  },
  then: { properties: { autoscaling: { properties: { enabled: { const: false } } } } },
};

/** Certificates by cert-manager have a Secret of their own name. */
const ONE_CERTIFICATE: JsonSchema = {
  if: { properties: { certificate: { properties: { enabled: { const: true } } } } },
  then: { properties: { tls: { properties: { secretName: { const: '' } } } } },
};

/** @param shared keys of the shared values that the app has */
export function valuesSchema(app: string, config: JsonSchema, shared: readonly string[]): JsonSchema {
  const chosen = Object.fromEntries(Object.entries(SHARED).filter(([key]) => shared.includes(key)));
  const unknown = shared.filter((key) => !(key in SHARED));
  if (unknown.length > 0) throw new Error(`no schema of the shared values ${unknown.join(', ')}`);
  const properties = { ...OWN, config, ...chosen };
  const parts: Properties = {
    ...properties,
    service: { $comment: 'Helm itself puts an entry named after each dependency here', ...OBJECT },
    global: OBJECT,
  };
  // A key that is set to null is left out by Helm, and its template would fail without a name.
  const required = Object.keys(properties).filter((key) => 'required' in (parts[key] ?? {}));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Values of the ${app} chart`,
    ...closed(parts, [...required, 'replicaCount']),
    allOf: [ONE_CERTIFICATE, ...(shared.includes('keda') ? [ONE_SCALER] : [])],
  };
}
