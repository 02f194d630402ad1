import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type AppDeclaration, appDeclaration } from '@orders/contracts/declaration';
import { Problem } from '../../bootstrap/problem.mjs';
import { type FoundApp, mistakesIn } from './declaration-mistakes.ts';
import { fileMistakes, readIfThere, strayCharts, takenNames } from './declared-files.ts';
import { ROOT } from './paths.ts';
import { serviceOf } from './wiring.ts';

export type { AppDeclaration } from '@orders/contracts/declaration';

/**
 * Reads the `app.json` of every app of a workspace. Apps that call and publish come before those that serve and consume:
 * the order in which they stop.
 * @throws Problem with a line for each mistake: file, key and reason
 */
export function readDeclarations(root = ROOT): readonly AppDeclaration[] {
  const read = appFolders(root).map((folder) => readDeclaration(root, folder));
  refuse(read.flatMap(({ mistakes }) => mistakes));
  const apps = read.flatMap(({ app }) => (app ? [app] : []));
  refuse([
    ...mistakesIn(apps, takenNames(root)),
    ...apps.flatMap((app) => fileMistakes(root, app)),
    ...strayCharts(root, apps),
  ]);
  return inStopOrder(apps.map(({ declared }) => declared));
}

function refuse(mistakes: readonly string[]): void {
  if (mistakes.length > 0) throw new Problem(mistakes.join('\n✗ '));
}

/** Folders in apps/. One with only the output of a build or of another branch is no app. */
function appFolders(root: string): string[] {
  const ignored = ['dist', 'node_modules'];
  return readdirSync(join(root, 'apps'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => readdirSync(join(root, 'apps', name)).some((file) => !ignored.includes(file)))
    .sort();
}

function readDeclaration(root: string, folder: string): { app?: FoundApp; mistakes: string[] } {
  const file = `apps/${folder}/app.json`;
  const text = readIfThere(join(root, file));
  if (text === undefined) return { mistakes: [`${file}: is missing: an app declares itself there`] };
  const json = parse(text);
  if (json instanceof Error)
    return { mistakes: [`${file}: is no JSON: ${json.message.replaceAll(/\s+/g, ' ')}`] };
  const { data, error } = appDeclaration.safeParse(json);
  const mistakes = (error?.issues ?? []).map(({ path, message }) => [file, path.join('.'), message]);
  return {
    ...(data && { app: { folder, declared: data } }),
    mistakes: mistakes.map((parts) => parts.filter(Boolean).join(': ')),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

/** Whether `to` serves what `from` calls, or consumes what it publishes. */
function feeds(from: AppDeclaration, to: AppDeclaration): boolean {
  return (
    from.calls.some((call) => to.serves.includes(serviceOf(call))) ||
    from.publishes.some((event) => to.consumes.includes(event))
  );
}

/** Puts each app before those that it feeds. A circle of apps starts with the first of its names. */
function inStopOrder(apps: readonly AppDeclaration[]): AppDeclaration[] {
  const left = [...apps];
  const ordered: AppDeclaration[] = [];
  while (left.length > 0) {
    const free = left.findIndex((app) => !left.some((other) => other !== app && feeds(other, app)));
    ordered.push(...left.splice(Math.max(0, free), 1));
  }
  return ordered;
}

/** Every app of this workspace: what is built, shipped and checked. */
export const EVERY_APP = readDeclarations();

/** Those without which there is no system: what runs unless more is asked for. */
export const APPS: readonly AppDeclaration[] = EVERY_APP.filter(({ optional }) => !optional);
