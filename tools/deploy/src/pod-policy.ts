import type { IContainer, IPodSpec, IVolume } from 'kubernetes-models/v1';

interface Rule {
  rule: string;
  holds: (pod: IPodSpec) => boolean;
}

const everyContainer = (holds: (container: IContainer) => boolean) => (pod: IPodSpec) =>
  [...pod.containers, ...(pod.initContainers ?? [])].every(holds);

/** The restricted Pod Security profile, and what we ask beyond it. */
export const RESTRICTED_POD: readonly Rule[] = [
  { rule: 'run as non-root', holds: (pod) => pod.securityContext?.runAsNonRoot === true },
  {
    rule: 'run as 65532',
    holds: (pod) => pod.securityContext?.runAsUser === 65_532 && pod.securityContext.runAsGroup === 65_532,
  },
  {
    rule: 'use the default seccomp profile',
    holds: (pod) => pod.securityContext?.seccompProfile?.type === 'RuntimeDefault',
  },
  {
    rule: 'cannot gain privileges',
    holds: everyContainer(({ securityContext }) => securityContext?.allowPrivilegeEscalation === false),
  },
  {
    rule: 'drop every capability and add none',
    holds: everyContainer(
      ({ securityContext }) =>
        securityContext?.capabilities?.drop?.join() === 'ALL' && !securityContext.capabilities.add,
    ),
  },
  {
    rule: 'loosen nothing of it container by container',
    holds: everyContainer(
      ({ securityContext }) =>
        !securityContext?.privileged &&
        securityContext?.runAsUser === undefined &&
        securityContext?.runAsNonRoot === undefined &&
        securityContext?.seccompProfile === undefined,
    ),
  },
  {
    rule: 'have a read-only root and a /tmp of their own',
    holds: (pod) =>
      pod.volumes?.every(isAllowedVolume) === true &&
      everyContainer(
        ({ securityContext, volumeMounts }) =>
          securityContext?.readOnlyRootFilesystem === true &&
          volumeMounts?.some(({ mountPath }) => mountPath === '/tmp') === true,
      )(pod),
  },
  {
    rule: 'share nothing with the host',
    holds: (pod) => !pod.hostNetwork && !pod.hostPID && !pod.hostIPC && everyContainer(hasNoHostPort)(pod),
  },
  { rule: 'get no token of the API', holds: (pod) => pod.automountServiceAccountToken === false },
  { rule: "get no variables of other apps' Services", holds: (pod) => pod.enableServiceLinks === false },
  {
    rule: 'ask for CPU and memory, and are limited in memory',
    holds: everyContainer(
      ({ resources }) =>
        Boolean(resources?.requests?.cpu) &&
        Boolean(resources?.requests?.memory) &&
        Boolean(resources?.limits?.memory),
    ),
  },
];

/** Of the kinds that the restricted profile allows: nothing of the node. */
function isAllowedVolume({ emptyDir, secret, configMap, projected, csi }: IVolume): boolean {
  return [emptyDir, secret, configMap, projected, csi].some((kind) => kind !== undefined);
}

function hasNoHostPort({ ports }: IContainer): boolean {
  return ports?.every(({ hostPort }) => hostPort === undefined) ?? true;
}
