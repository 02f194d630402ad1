import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AppDeclaration, readDeclarations } from '../stack/declarations.ts';
import { withCommandLine } from '../stack/declared-files.ts';
import { ROOT } from '../stack/paths.ts';
import { callersTable } from './callers.ts';
import { composeDatabases, composeServices } from './compose.ts';
import { appsTable, callGraph, type DescribedApp } from './documents.ts';
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
  'docs/architecture.md': (text, { apps }) => replaceRegion(text, 'call graph', callGraph(apps)),
};

/** Names of the files that are derived in part from the declarations. */
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
  for (const { file, wanted } of stale) writeFileSync(join(root, file), wanted);
  return stale.map(({ file }) => file);
}

function derive(root: string): { file: string; text: string; wanted: string }[] {
  const workspace = { root, apps: readDeclarations(root) };
  return Object.entries(DERIVED).map(([file, wantedOf]) => {
    const text = readFileSync(join(root, file), 'utf8');
    return { file, text, wanted: wantedOf(text, workspace) };
  });
}

function described({ root, apps }: Workspace): DescribedApp[] {
  return apps.map((app) => {
    const manifest = readFileSync(join(root, 'apps', app.name, 'package.json'), 'utf8');
    return { app, description: (JSON.parse(manifest) as { description: string }).description };
  });
}
