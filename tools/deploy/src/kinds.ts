import { Certificate } from '@kubernetes-models/cert-manager/cert-manager.io/v1';
import { Cluster, Pooler } from '@kubernetes-models/cloudnative-pg/postgresql.cnpg.io/v1';
import { ExternalSecret } from '@kubernetes-models/external-secrets/external-secrets.io/v1';
import { GRPCRoute, HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { PodMonitor, PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Pod, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';

/** A kind of Kubernetes: its JSON Schema, and the name of its TypeScript type. */
export interface Kind {
  // Each kind takes an object of its own type.
  Model: new (manifest: never) => { validate(): void };
  type: string;
  module: string;
}

function kindsOf(group: string, module: string, models: Readonly<Record<string, Kind['Model']>>) {
  return Object.entries(models).map(([name, Model]): [string, Kind] => [
    `${group}/${name}`,
    { Model, type: `I${name}`, module },
  ]);
}

const CRDS = '@kubernetes-models';

/** Every kind that our charts may render, by apiVersion/kind. */
export const KINDS: Readonly<Record<string, Kind>> = Object.fromEntries([
  ...kindsOf('v1', 'kubernetes-models/v1', { ConfigMap, Pod, Secret, Service, ServiceAccount }),
  ...kindsOf('apps/v1', 'kubernetes-models/apps/v1', { Deployment }),
  ...kindsOf('batch/v1', 'kubernetes-models/batch/v1', { Job }),
  ...kindsOf('policy/v1', 'kubernetes-models/policy/v1', { PodDisruptionBudget }),
  ...kindsOf('autoscaling/v2', 'kubernetes-models/autoscaling/v2', { HorizontalPodAutoscaler }),
  ...kindsOf('networking.k8s.io/v1', 'kubernetes-models/networking.k8s.io/v1', { Ingress, NetworkPolicy }),
  ...kindsOf('gateway.networking.k8s.io/v1', `${CRDS}/gateway-api/gateway.networking.k8s.io/v1`, {
    ...{ HTTPRoute, GRPCRoute },
  }),
  ...kindsOf('keda.sh/v1alpha1', `${CRDS}/keda/keda.sh/v1alpha1`, { ScaledObject }),
  ...kindsOf('cert-manager.io/v1', `${CRDS}/cert-manager/cert-manager.io/v1`, { Certificate }),
  ...kindsOf('external-secrets.io/v1', `${CRDS}/external-secrets/external-secrets.io/v1`, { ExternalSecret }),
  ...kindsOf('monitoring.coreos.com/v1', `${CRDS}/prometheus-operator/monitoring.coreos.com/v1`, {
    ...{ PodMonitor, PrometheusRule },
  }),
  ...kindsOf('postgresql.cnpg.io/v1', `${CRDS}/cloudnative-pg/postgresql.cnpg.io/v1`, { Cluster, Pooler }),
]);
