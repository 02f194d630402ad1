import { closed, integer, list, NAME, OBJECT, oneOf, text, TEXTS, type Properties } from './json-schema.ts';

const VARIABLE = text('^[A-Za-z_][A-Za-z0-9_]*$');
/** Of volumes: those that the restricted Pod Security profile allows. */
const VOLUMES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim'];
const SOURCE = closed({ name: NAME, optional: { type: 'boolean' } }, ['name']);

const KEY = closed({ name: NAME, key: text('.'), optional: { type: 'boolean' } }, ['name', 'key']);
const VALUE_FROM = closed({
  ...{ configMapKeyRef: KEY, secretKeyRef: KEY },
  ...{ fieldRef: OBJECT, resourceFieldRef: OBJECT },
});

const TOLERATION = closed({
  key: text(),
  operator: oneOf('Exists', 'Equal'),
  value: text(),
  effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
  tolerationSeconds: integer(0),
});

const SPREAD = closed(
  {
    topologyKey: text(),
    maxSkew: integer(1),
    minDomains: integer(1),
    whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway'),
    labelSelector: OBJECT,
    matchLabelKeys: list(text()),
    nodeAffinityPolicy: oneOf('Honor', 'Ignore'),
    nodeTaintsPolicy: oneOf('Honor', 'Ignore'),
  },
  ['topologyKey', 'maxSkew', 'whenUnsatisfiable'],
);

const MOUNT = closed(
  {
    name: NAME,
    // What the chart mounts itself.
    mountPath: { type: 'string', pattern: '^/', not: { enum: ['/tmp', '/tls', '/nats', '/app'] } },
    subPath: text(),
    readOnly: { type: 'boolean' },
  },
  ['name', 'mountPath'],
);

const AFFINITY = closed({ nodeAffinity: OBJECT, podAffinity: OBJECT, podAntiAffinity: OBJECT });

const VOLUME = closed(
  {
    // Names that the chart takes.
    name: { ...NAME, not: { enum: ['tmp', 'tls', 'nats'] } },
    secret: OBJECT,
    projected: OBJECT,
    ...Object.fromEntries(VOLUMES.map((volume) => [volume, OBJECT])),
  },
  ['name'],
);

/** Values that every pod of an app has. */
export const POD_VALUES: Properties = {
  extraEnv: list(closed({ name: VARIABLE, value: text(), valueFrom: VALUE_FROM }, ['name'])),
  extraEnvFrom: list(closed({ configMapRef: SOURCE, secretRef: SOURCE, prefix: text() })),
  extraVolumes: list(VOLUME),
  extraVolumeMounts: list(MOUNT),
  podAnnotations: TEXTS,
  podLabels: {
    ...TEXTS,
    // What selectors and policies go by.
    propertyNames: { not: { pattern: '^app\\.kubernetes\\.io/' } },
  },
  nodeSelector: TEXTS,
  tolerations: list(TOLERATION),
  affinity: AFFINITY,
  topologySpreadConstraints: list(SPREAD),
  priorityClassName: text(),
  extraObjects: list({
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata'],
  }),
};
