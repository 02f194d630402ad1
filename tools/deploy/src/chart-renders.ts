import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IJob } from 'kubernetes-models/batch/v1';
import type { IConfigMap, IPodTemplateSpec, IService } from 'kubernetes-models/v1';
import { CHECKED } from './checked-apps.ts';
import { Helm } from './helm.ts';
import { parseManifests, type Manifest } from './manifests.ts';

const VALUES = ['values.yaml', 'ci/all-values.yaml'];
const PLATFORM = 'ci/platform-values.yaml';

const casesWith = (files: readonly string[]) =>
  CHECKED.flatMap((app) =>
    files.map((values) => ({ name: `${app.name} with ${values}`, app, chart: app.name, values })),
  );

/** The chart of every app that is checked, with its defaults, and with everything set the other way. */
export const CASES = casesWith(VALUES);
/** The same with all that needs more than Kubernetes itself. */
export const PLATFORM_CASES = casesWith([PLATFORM]);
export const ALL_CASES = [...CASES, ...PLATFORM_CASES];

/** The charts of the working tree, each case rendered once. */
export class ChartRenders implements AsyncDisposable {
  readonly helm: Helm;
  readonly #renders = new Map<string, Manifest[]>();

  static async make(): Promise<ChartRenders> {
    const renders = new ChartRenders(await Helm.prepare());
    for (const { name, chart, values } of ALL_CASES) {
      const file = `${renders.helm.chart(chart)}/${values}`;
      renders.#renders.set(name, await renders.render(chart, '--values', file));
    }
    return renders;
  }

  private constructor(helm: Helm) {
    this.helm = helm;
  }

  /** @param args of `helm template`, for a render of its own */
  async render(chart: string, ...args: string[]): Promise<Manifest[]> {
    return parseManifests(await this.helm.ok('template', chart, this.helm.chart(chart), ...args));
  }

  /** @param name of a case */
  of(name: string): Manifest[] {
    const manifests = this.#renders.get(name);
    if (!manifests) throw new Error(`no case ${name}`);
    return manifests;
  }

  all(): Manifest[] {
    return [...this.#renders.values()].flat();
  }

  /** What most assertions are about. */
  parts(name: string) {
    const manifests = this.of(name);
    const deployment = find<IDeployment>(manifests, 'Deployment');
    const template = deployment.spec?.template as IPodTemplateSpec;
    const [container] = template.spec?.containers ?? [];
    if (!container || !template.spec) throw new Error('no container');
    return {
      manifests,
      deployment,
      template,
      pod: template.spec,
      container,
      data: find<IConfigMap>(manifests, 'ConfigMap').data ?? {},
      service: manifests.find(({ kind }) => kind === 'Service') as IService | undefined,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.helm[Symbol.asyncDispose]();
  }
}

/** The Jobs of a component: `migration` or `provisioner`; of both by default. */
export function jobsOf(manifests: readonly Manifest[], component?: string): (Manifest & IJob)[] {
  const jobs = manifests.filter(({ kind }) => kind === 'Job') as (Manifest & IJob)[];
  const isWanted = ({ metadata }: Manifest) => metadata.labels?.['app.kubernetes.io/component'] === component;
  return component === undefined ? jobs : jobs.filter(isWanted);
}

/** The one manifest of a kind. @throws when there is none, or more */
export function find<T>(manifests: readonly Manifest[], kind: string): T {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} manifests of kind ${kind}`);
  return found[0] as T;
}
