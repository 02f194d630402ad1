import type { Manifest } from '../manifests.ts';

/** Fields that the API refuses to change, or that others hold on to: a change needs a new install, or cuts traffic. */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec.selector', 'spec.template.spec.serviceAccountName'],
  Service: ['spec.selector', 'spec.clusterIP', 'spec.ports.0.name', 'spec.ports.0.port'],
  ServiceAccount: [],
  ConfigMap: [],
  Job: [],
};

/** What a release has that the next one must have as well. */
export interface Released {
  kind: string;
  name: string;
  fixed: Readonly<Record<string, unknown>>;
}

/**
 * What an upgrade may not change of these manifests: names, selectors, addresses. released.json has it of the last release, by
 * app; only a change that is meant to need a new install changes that file.
 */
export function releasedOf(manifests: readonly Manifest[]): Released[] {
  return manifests
    .filter(({ kind }) => kind in FIXED)
    .map((manifest) => {
      const fields = FIXED[manifest.kind]?.map((path) => [path, at(manifest, path)]) ?? [];
      return {
        kind: manifest.kind,
        name: manifest.metadata.name,
        fixed: Object.fromEntries(fields) as object,
      };
    }) as Released[];
}

/** What an upgrade to these manifests would change although it may not: a line for each, with the value before and after. */
export function upgradeProblems(before: readonly Released[], manifests: readonly Manifest[]): string[] {
  const after = releasedOf(manifests);
  return before.flatMap(({ kind, name, fixed }) => {
    const now = after.find((each) => each.kind === kind && each.name === name);
    if (!now) return [`${kind}/${name}: is gone`];
    return Object.entries(fixed).flatMap(([path, value]) => {
      const [was, is] = [JSON.stringify(value), JSON.stringify(now.fixed[path])];
      return was === is ? [] : [`${kind}/${name}: ${path} was ${was} and is ${is}`];
    });
  });
}

function at(value: unknown, path: string): unknown {
  return (
    path
      .split('.')
      .reduce<unknown>((found, key) => (found as Record<string, unknown> | undefined)?.[key], value) ?? null
  );
}
