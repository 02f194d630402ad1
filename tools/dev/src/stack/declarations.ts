import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AppDeclaration, appDeclaration } from '@orders/contracts/declaration';
import { Problem } from '../../bootstrap/problem.mjs';
import { ROOT } from './paths.ts';

export type { AppDeclaration } from '@orders/contracts/declaration';

/**
 * Every app of a workspace as its `app.json` declares it; those that take requests and publish come before those that
 * answer and consume, which is the order in which they stop.
 * @throws Problem with a line for each mistake: file, key and reason
 */
export function readDeclarations(root = ROOT): readonly AppDeclaration[] {
  const folder = join(root, 'apps');
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'package.json')))
    .map((entry) => entry.name)
    .sort();
  const problems: string[] = [];
  const apps = names.flatMap((name) => {
    const file = `apps/${name}/app.json`;
    if (!existsSync(join(root, file))) {
      problems.push(`${file} is missing: an app declares itself there.`);
      return [];
    }
    const { data, error } = appDeclaration.safeParse(JSON.parse(readFileSync(join(root, file), 'utf8')));
    problems.push(
      ...(error?.issues ?? []).map(({ path, message }) => `${file}: ${path.join('.')}: ${message}`),
    );
    return data ? [data] : [];
  });
  if (problems.length > 0) throw new Problem(problems.join('\n✗ '));
  return inStopOrder(apps);
}

/** Whether what one app asks for or publishes is answered or consumed by the other. */
function feeds(from: AppDeclaration, to: AppDeclaration): boolean {
  return (
    from.calls.some((service) => to.serves.includes(service)) ||
    from.publishes.some((event) => to.consumes.includes(event))
  );
}

/** A circle of apps that feed each other is cut at the first of its names. */
function inStopOrder(apps: readonly AppDeclaration[]): AppDeclaration[] {
  const left = [...apps];
  const ordered: AppDeclaration[] = [];
  while (left.length > 0) {
    const free = left.findIndex((app) => !left.some((other) => other !== app && feeds(other, app)));
    ordered.push(...left.splice(Math.max(0, free), 1));
  }
  return ordered;
}

/** Those of this workspace. */
export const APPS = readDeclarations();
