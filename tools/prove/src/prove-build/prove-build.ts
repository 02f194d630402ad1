import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { ROOT } from '@orders/dev/stack/paths';
import { CommandFailed, run } from '@orders/dev/stack/run';
import { CRASH_PATCHES } from './crash-points.ts';
import { applyPatch, type Patch } from './patch.ts';
import { readSource } from './sources.ts';

/** What the build reads besides the projects. */
const SETTINGS = ['rolldown.config.mjs', 'tsconfig.base.json', 'docker/prune.mjs'];

/**
 * Builds the apps with the crash points and the given patches, by the build command of the workspace. Neither is ever in a
 * shipped build.
 *
 * @param root for `startSystem`; below the workspace, where packages that are not ours are found
 * @throws Problem with what the bundler printed
 */
export async function proveBuild(
  root: string,
  { patches = [], signal }: { patches?: readonly Patch[]; signal?: AbortSignal } = {},
): Promise<void> {
  const projects = projectFolders();
  for (const project of projects) copyProject(project, root);
  for (const file of SETTINGS) cpSync(join(ROOT, file), join(root, file));
  for (const patch of [...CRASH_PATCHES, ...patches]) patchFile(root, patch);
  const command = buildCommand();
  const apps = projects.filter((project) => project.startsWith('apps/'));
  for (const app of apps) await compile(command, { cwd: join(root, app), signal });
}

/** Folders of what goes into a build: `apps/orders`, `libs/messaging`, … */
function projectFolders(): string[] {
  const folders = ['apps', 'libs', 'libs/contracts'].flatMap((kind) =>
    readdirSync(join(ROOT, kind)).map((name) => `${kind}/${name}`),
  );
  return folders.filter((folder) => existsSync(join(ROOT, folder, 'package.json')));
}

function copyProject(project: string, root: string): void {
  const parts = ['package.json', 'tsconfig.json', 'app.json', 'src'].filter((part) =>
    existsSync(join(ROOT, project, part)),
  );
  for (const part of parts) cpSync(join(ROOT, project, part), join(root, project, part), { recursive: true });
  const { name } = JSON.parse(readFileSync(join(root, project, 'package.json'), 'utf8')) as { name: string };
  const link = join(root, 'node_modules', name);
  mkdirSync(join(link, '..'), { recursive: true });
  symlinkSync(join('../..', project), link);
}

function patchFile(root: string, patch: Patch): void {
  writeFileSync(join(root, patch.file), applyPatch(readSource(root, patch.file), patch));
}

function buildCommand(): string {
  const nx = JSON.parse(readFileSync(join(ROOT, 'nx.json'), 'utf8')) as {
    targetDefaults: { build: { command: string } };
  };
  return nx.targetDefaults.build.command;
}

async function compile(
  command: string,
  { cwd, signal }: { cwd: string; signal: AbortSignal | undefined },
): Promise<void> {
  try {
    await run('sh', ['-c', command], { cwd, signal });
  } catch (error) {
    if (error instanceof CommandFailed)
      throw new Problem(`The prove build failed in ${cwd}:\n${error.output}`, { cause: error });
    throw error;
  }
}
