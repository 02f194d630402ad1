import {
  BOOLEAN,
  closed,
  integer,
  list,
  NAME,
  NAME_OR_EMPTY,
  OBJECT,
  oneOf,
  text,
  TEXTS,
  type JsonSchema,
  type Properties,
} from './json-schema.ts';
import { POD_VALUES } from './pod-schema.ts';

const SECRET_KEY = text('^[-._a-zA-Z0-9]*$');
const DURATION = text('^([0-9]+h)?([0-9]+m)?([0-9]+s)?$');
const PEERS = closed({ to: list(OBJECT), ports: list(integer(1, 65_535), 1) });

const SCALING = { enabled: BOOLEAN, minReplicas: integer(1), maxReplicas: integer(1, 1_000) };

const ROUTE = closed(
  {
    enabled: BOOLEAN,
    parentRefs: list(
      closed(
        {
          ...{ group: text(), kind: text(), name: NAME, namespace: NAME },
          ...{ sectionName: NAME, port: integer(1, 65_535) },
        },
        ['name'],
      ),
    ),
    hostnames: list(text('^(\\*\\.)?[a-z0-9]([-.a-z0-9]*[a-z0-9])?$')),
    annotations: TEXTS,
  },
  ['enabled'],
);
/** A route without a Gateway leads nowhere. */
const ROUTE_WITH_PARENT: JsonSchema = {
  ...ROUTE,
  if: { properties: { enabled: { const: true } } },
  then: { properties: { parentRefs: { minItems: 1 } } },
};

function keyIsNamed(key: string): JsonSchema {
  return { properties: { [key]: { minLength: 1 } }, required: [key] };
}

/** What each shared value may be, by its key. Those of helm/service/values-of-all.yaml, and no others. */
export const SHARED: Properties = {
  podDisruptionBudget: closed(
    {
      enabled: BOOLEAN,
      // None, or a share of 0, would block each drain of a node.
      maxUnavailable: {
        type: ['integer', 'string'],
        minimum: 1,
        pattern: '^([1-9][0-9]?|100)%$',
      },
    },
    ['enabled', 'maxUnavailable'],
  ),
  autoscaling: closed({ ...SCALING, targetCPUUtilizationPercentage: integer(1, 100) }, ['enabled']),
  keda: closed(
    {
      ...{ ...SCALING, minReplicas: integer(0), lagThreshold: integer(1) },
      ...{ monitoringEndpoint: text('^[^/]+:[0-9]+$'), account: text('.'), useHttps: BOOLEAN },
    },
    ['enabled'],
  ),
  existingSecret: NAME,
  reloader: closed({ enabled: BOOLEAN }, ['enabled']),
  externalSecret: closed(
    {
      enabled: BOOLEAN,
      secretStoreRef: closed({ kind: oneOf('ClusterSecretStore', 'SecretStore'), name: NAME }, ['name']),
      key: text('.'),
      refreshInterval: DURATION,
    },
    ['enabled'],
  ),
  tls: closed({ secretName: NAME_OR_EMPTY }, ['secretName']),
  certificate: closed(
    {
      enabled: BOOLEAN,
      issuerRef: closed({ group: text(), kind: text(), name: NAME }, ['name']),
      duration: DURATION,
      renewBefore: DURATION,
    },
    ['enabled'],
  ),
  nats: {
    ...closed({ secretName: NAME_OR_EMPTY, credsKey: SECRET_KEY, seedKey: SECRET_KEY, caKey: SECRET_KEY }, [
      'secretName',
    ]),
    if: { properties: { secretName: { minLength: 1 } } },
    // A Secret without a key would be mounted, and used by nothing.
    then: { anyOf: ['credsKey', 'seedKey', 'caKey'].map(keyIsNamed) },
  },
  provisioner: closed(
    {
      enabled: BOOLEAN,
      existingSecret: NAME_OR_EMPTY,
      tlsSecretName: NAME_OR_EMPTY,
      natsSecretName: NAME_OR_EMPTY,
    },
    ['enabled'],
  ),
  migration: closed(
    {
      enabled: BOOLEAN,
      existingSecret: NAME_OR_EMPTY,
      rolePrefix: text('^([a-z_][a-z0-9_-]{0,49})?$'),
      backoffLimit: integer(0, 6),
      activeDeadlineSeconds: integer(1),
      ttlSecondsAfterFinished: integer(0),
    },
    ['enabled'],
  ),
  jobs: closed({ mode: oneOf('helm', 'argo') }, ['mode']),
  shutdown: closed({ preStopSeconds: integer(1, 120), drainSeconds: integer(1, 600) }, [
    'preStopSeconds',
    'drainSeconds',
  ]),
  httpRoute: ROUTE_WITH_PARENT,
  ingress: closed(
    {
      ...{ enabled: BOOLEAN, className: text(), host: NAME },
      ...{ tlsSecretName: NAME_OR_EMPTY, annotations: TEXTS },
    },
    ['enabled'],
  ),
  grpcRoute: ROUTE_WITH_PARENT,
  networkPolicy: closed(
    {
      enabled: BOOLEAN,
      apps: closed({ namespaceSelector: OBJECT }),
      ...{ clients: list(OBJECT), monitoring: list(OBJECT), extraEgress: list(OBJECT) },
      ...{ dns: PEERS, postgres: PEERS, nats: PEERS, issuer: PEERS, otlp: PEERS },
    },
    ['enabled', 'apps'],
  ),
  podMonitor: closed({ enabled: BOOLEAN, interval: DURATION, labels: TEXTS }, ['enabled']),
  test: {
    ...closed({ enabled: BOOLEAN, tokenSecret: NAME_OR_EMPTY }, ['enabled']),
    if: { properties: { enabled: { const: true } } },
    then: { properties: { tokenSecret: { minLength: 1 } } },
  },
  ...POD_VALUES,
};
