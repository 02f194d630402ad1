import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppDeclaration } from '@orders/contracts/declaration';
import { OPERATOR, PROVISIONER } from '@orders/contracts/nats-users';
import type { FoundApp } from './declaration-mistakes.ts';

/** Names of what runs in every system beside the apps. */
const SERVERS = ['issuer', 'nats', 'nats-server', 'postgres', 'system'];

/** Targets that each app needs: Nx does nothing with an app without them. */
const TARGETS = ['build', 'typecheck', 'lint', 'chart', 'image'];

interface Manifest {
  name?: string;
  scripts?: Record<string, string>;
  nx?: { name?: string; tags?: string[]; targets?: Record<string, unknown> };
}

/** The text of a file; undefined when there is none. */
export function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Names that an app cannot have, each with its owner: servers, users of NATS, libs, tools, scripts of the workspace. */
export function takenNames(root: string): Map<string, string> {
  const scripts = Object.entries(readManifest(join(root, 'package.json'))?.scripts ?? {});
  return new Map([
    ...scripts
      .filter(([name, command]) => !isCliScript(name, command))
      .map(([name]): [string, string] => [name, `npm run ${name}`]),
    ...['libs', 'tools'].flatMap((kind) =>
      foldersIn(join(root, kind)).map((name): [string, string] => [name, `${kind}/${name}`]),
    ),
    ...SERVERS.map((name): [string, string] => [name, 'a server of npm start']),
    ...[OPERATOR, PROVISIONER].map((name): [string, string] => [name, 'a user of NATS']),
  ]);
}

/** The script that `npm run generate` writes for the command line of an app. */
export function cliScript(app: string): string {
  return `node tools/dev/bootstrap.mjs cli ${app}`;
}

/** Whether a script of package.json is that of an app's command line. */
export function isCliScript(name: string, command: string): boolean {
  return command === cliScript(name);
}

/** Names of the apps that have a command line, `npm run NAME -- …`. */
export function withCommandLine(root: string, apps: readonly AppDeclaration[]): string[] {
  const names = apps.map(({ name }) => name);
  return names.filter((name) => existsSync(join(root, 'apps', name, 'src/cli.ts')));
}

/** Mistakes in the files beside an app's declaration: a line for each, with file, key and reason. */
export function fileMistakes(root: string, { folder, declared }: FoundApp): string[] {
  return [
    ...manifestMistakes(root, folder),
    ...migrationMistakes(root, folder, declared.database),
    ...chartMistakes(root, folder),
  ];
}

function chartMistakes(root: string, folder: string): string[] {
  const file = `helm/${folder}/Chart.yaml`;
  const chart = readIfThere(join(root, file));
  if (chart === undefined) return [`${file}: is missing: each app has a chart`];
  const name = /^name: *(\S+)/m.exec(chart)?.[1];
  return name === folder ? [] : [`${file}: name: must be ${folder}, not ${name ?? 'missing'}`];
}

function manifestMistakes(root: string, folder: string): string[] {
  const file = `apps/${folder}/package.json`;
  const manifest = readManifest(join(root, file));
  if (!manifest) return [`${file}: is missing: each folder of apps is a package`];
  const { name, nx: { name: project, tags = [], targets = {} } = {} } = manifest;
  const mistakes = [
    ...(name === `@orders/${folder}` ? [] : [`name: must be @orders/${folder}`]),
    ...(project === folder ? [] : [`nx.name: must be ${folder}`]),
    ...(tags.includes('type:app')
      ? []
      : ['nx.tags: type:app is missing, and with it the boundaries of an app']),
    ...TARGETS.filter((target) => !(target in targets)).map((target) => `nx.targets: ${target} is missing`),
  ];
  return mistakes.map((mistake) => `${file}: ${mistake}`);
}

function migrationMistakes(root: string, folder: string, database: boolean): string[] {
  const src = `apps/${folder}/src`;
  const migrates = existsSync(join(root, src, 'migrate.ts'));
  if (!database)
    return migrates ? [`apps/${folder}/app.json: database: is false, though there is ${src}/migrate.ts`] : [];
  const folderOf = join(root, src, 'migrations');
  const migrations = existsSync(folderOf) ? readdirSync(folderOf).filter((file) => file.endsWith('.ts')) : [];
  return [
    ...(migrates ? [] : [`${src}/migrate.ts: is missing: its database is declared`]),
    ...(migrations.length > 0 ? [] : [`${src}/migrations: has no migration: its database is declared`]),
  ];
}

/** A line for each chart that has no app, and does not say so by an annotation. */
export function strayCharts(root: string, apps: readonly FoundApp[]): string[] {
  const charts = foldersIn(join(root, 'helm')).filter((name) => {
    const chart = readIfThere(join(root, 'helm', name, 'Chart.yaml')) ?? '';
    return /^type: application$/m.test(chart) && !/^ {2}orders-platform\/app: none$/m.test(chart);
  });
  const strays = charts.filter((chart) => !apps.some(({ folder }) => folder === chart));
  return strays.map((chart) => `helm/${chart}/Chart.yaml: name: there is no app ${chart}`);
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function readManifest(file: string): Manifest | undefined {
  const text = readIfThere(file);
  return text === undefined ? undefined : (JSON.parse(text) as Manifest);
}
