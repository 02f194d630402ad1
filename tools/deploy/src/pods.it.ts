import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CASES, ChartRenders, jobsOf } from './chart-renders.ts';
import { RESTRICTED_POD } from './pod-policy.ts';

let renders: ChartRenders;

beforeAll(async () => {
  renders = await ChartRenders.make();
}, 240_000);

afterAll(() => renders?.[Symbol.asyncDispose]());

describe.each(CASES)('the pods of $name', ({ name, app, chart }) => {
  it.each(RESTRICTED_POD)('$rule', ({ holds }) => {
    const { manifests, template } = renders.parts(name);
    const jobs = jobsOf(manifests);
    const pods = [template.spec, ...jobs.map((job) => job.spec?.template.spec)];
    expect(pods.length).toBeGreaterThanOrEqual(app.database ? 2 : 1);
    for (const pod of pods) expect(pod && holds(pod)).toBe(true);
  });

  it('are probed on the management port, which the Service does not offer', () => {
    const { container, data, service } = renders.parts(name);
    const ports = Object.fromEntries(container.ports?.map((port) => [port.name, port.containerPort]) ?? []);
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
    expect(probes.map((probe) => probe?.httpGet?.path)).toEqual(['/startupz', '/livez', '/readyz']);
    for (const probe of probes)
      expect(String(ports[String(probe?.httpGet?.port)])).toBe(data.MANAGEMENT_PORT);
    const offered = service?.spec?.ports?.map(({ targetPort }) => ports[String(targetPort)]) ?? [];
    expect(offered).toEqual([app.ports.http, app.ports.grpc].filter((port) => port !== undefined));
  });

  it('are given longer than sleeping and draining take', () => {
    const { pod, container, data } = renders.parts(name);
    const sleep = container.lifecycle?.preStop?.sleep?.seconds ?? Number.NaN;
    const drain = (Number(data.SHUTDOWN_WAIT_MS) + Number(data.SHUTDOWN_DRAIN_MS)) / 1000;
    expect(sleep).toBeGreaterThan(0);
    expect(drain).toBeGreaterThan(0);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(sleep + drain + 5);
  });

  it('are found by the Service and the Deployment, and alone', () => {
    const { manifests, deployment, template, service } = renders.parts(name);
    const selector = deployment.spec?.selector.matchLabels;
    expect(service?.spec?.selector).toEqual(selector);
    expect(template.metadata?.labels).toMatchObject(selector ?? { none: 'none' });
    for (const job of jobsOf(manifests))
      expect(job.spec?.template.metadata?.labels).not.toMatchObject(selector ?? {});
  });

  it('roll without a gap, spread out, under their own account', () => {
    const { deployment, pod } = renders.parts(name);
    expect(deployment.spec?.strategy?.rollingUpdate?.maxUnavailable).toBe(0);
    expect(pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)).toEqual([
      'topology.kubernetes.io/zone',
      'kubernetes.io/hostname',
    ]);
    expect(pod.serviceAccountName).toBe(chart);
  });
});

describe.each(CASES)('the certificates of $name', ({ name, app, values }) => {
  const secretName = values === 'values.yaml' ? undefined : `${app.name}-tls`;
  const files = { TLS_CERT_FILE: '/tls/tls.crt', TLS_KEY_FILE: '/tls/tls.key', TLS_CA_FILE: '/tls/ca.crt' };
  const expected = secretName === undefined ? {} : files;
  const onlyTls = (variables: object) =>
    Object.fromEntries(Object.entries(variables).filter(([variable]) => variable in files));

  it('are those of the Secret that is named, in the pods and in the migrations', () => {
    const { manifests, pod, container, data } = renders.parts(name);
    expect(onlyTls(data)).toEqual(expected);
    const migrations = jobsOf(manifests, 'migration').flatMap((job) => job.spec?.template.spec ?? []);
    for (const { containers } of migrations) {
      const variables = containers[0]?.env?.map((variable) => [variable.name, variable.value]) ?? [];
      expect(onlyTls(Object.fromEntries(variables))).toEqual(expected);
    }
    for (const { volumes } of [pod, ...migrations])
      expect(volumes?.find((volume) => volume.name === 'tls')?.secret?.secretName).toBe(secretName);
    const mounts = container.volumeMounts?.filter((mount) => mount.name === 'tls');
    expect(mounts).toEqual(secretName ? [{ name: 'tls', mountPath: '/tls', readOnly: true }] : []);
  });

  it('change what its gRPC port is said to speak', () => {
    const grpc = renders.parts(name).service?.spec?.ports?.find((port) => port.name === 'grpc');
    const speaks = secretName ? 'https' : 'kubernetes.io/h2c';
    expect(grpc?.appProtocol).toBe(grpc && speaks);
  });
});
