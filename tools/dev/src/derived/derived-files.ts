import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DASHBOARDS, observabilityFiles } from '../observability/files.ts';
import { type AppDeclaration, readDeclarations } from '../stack/declarations.ts';
import { readIfThere, withCommandLine } from '../stack/declared-files.ts';
import { ROOT } from '../stack/paths.ts';
import { callersTable } from './callers.ts';
import { composeDatabases, composeServices } from './compose.ts';
import { appsTable, callGraph, type DescribedApp } from './documents.ts';
import { metricsTable } from './metric-catalogue.ts';
import { natsPermissions } from './nats-permissions.ts';
import { observedApps } from './observed-apps.ts';
import { replaceRegion } from './regions.ts';
import { withCliScripts } from './scripts.ts';

interface Workspace {
  root: string;
  apps: readonly AppDeclaration[];
}

/** Files that are written partly by hand and derived partly from the declarations. */
const DERIVED: Record<string, (text: string, workspace: Workspace) => string> = {
  'package.json': (text, { root, apps }) => withCliScripts(text, withCommandLine(root, apps)),
  'docker/compose.yaml': (text, { apps }) =>
    replaceRegion(
      replaceRegion(text, 'services', composeServices(apps)),
      'databases',
      composeDatabases(apps),
    ),
  'README.md': (text, workspace) => replaceRegion(text, 'apps', appsTable(described(workspace))),
  'libs/contracts/rpc/src/callers.ts': (text, { apps }) => replaceRegion(text, 'callers', callersTable(apps)),
  'apps/ops/src/system/observed-apps.ts': (text, { apps }) =>
    replaceRegion(text, 'observed apps', observedApps(apps)),
  'docs/nats-permissions.conf': (text, { apps }) => replaceRegion(text, 'users', natsPermissions(apps)),
  'docs/metrics.md': (text, { apps }) => replaceRegion(text, 'metrics', metricsTable(apps)),
  'docs/architecture.md': (text, { apps }) => replaceRegion(text, 'call graph', callGraph(apps)),
};

/** Names of the files that are derived in part from the declarations. {@link observabilityFiles} are so as a whole. */
export const DERIVED_FILES = Object.keys(DERIVED);

/**
 * The derived files that do not match the declarations.
 * @throws Problem when a declaration is wrong
 */
export function staleFiles(root = ROOT): string[] {
  return derive(root)
    .filter(({ text, wanted }) => text !== wanted)
    .map(({ file }) => file);
}

/**
 * Updates the derived files.
 * @returns those that did not match the declarations
 * @throws Problem when a declaration is wrong
 */
export function writeDerivedFiles(root = ROOT): string[] {
  const stale = derive(root).filter(({ text, wanted }) => text !== wanted);
  for (const { file, wanted } of stale) {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    if (wanted === undefined) rmSync(path);
    else writeFileSync(path, wanted);
  }
  return stale.map(({ file }) => file);
}

interface Derived {
  file: string;
  /** undefined: it is not there. */
  text: string | undefined;
  /** undefined: it must not be there. */
  wanted: string | undefined;
}

function derive(root: string): Derived[] {
  const workspace = { root, apps: readDeclarations(root) };
  const partly = Object.entries(DERIVED).map(([file, wantedOf]) => {
    const text = readFileSync(join(root, file), 'utf8');
    return { file, text, wanted: wantedOf(text, workspace) };
  });
  return [...partly, ...wholeFiles(workspace)];
}

function wholeFiles({ root, apps }: Workspace): Derived[] {
  const wanted = observabilityFiles(apps);
  const folder = join(root, DASHBOARDS);
  const found = existsSync(folder) ? readdirSync(folder).map((file) => `${DASHBOARDS}/${file}`) : [];
  const files = new Set([...Object.keys(wanted), ...found]);
  return [...files].map((file) => ({ file, text: readIfThere(join(root, file)), wanted: wanted[file] }));
}

function described({ root, apps }: Workspace): DescribedApp[] {
  return apps.map((app) => {
    const manifest = readFileSync(join(root, 'apps', app.name, 'package.json'), 'utf8');
    return { app, description: (JSON.parse(manifest) as { description: string }).description };
  });
}
