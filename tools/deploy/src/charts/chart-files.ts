import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceRegion } from '@orders/dev/derived/regions';
import { type AppDeclaration, EVERY_APP } from '@orders/dev/stack/declarations';
import { ROOT } from '@orders/dev/stack/paths';
import { format, resolveConfig } from 'prettier';
import { parse, stringify } from 'yaml';
import { configSchema } from './config-schema.ts';
import { natsValues, postgresManifests } from './engine-values.ts';
import { factsOf } from './facts.ts';
import { observabilityCopies } from './observability-files.ts';
import { readmeOf } from './readme.ts';
import { joined, sharedBlocks } from './values-file.ts';
import { valuesSchema } from './values-schema.ts';

const FACTS_HEAD =
  '# Made by `npm run generate` from apps/*/app.json. What it means: helm/service/templates/_manifests.tpl\n';

const ENGINE_HEAD =
  '# Made by `npm run generate` from tools/deploy/src/charts/engine-values.ts and the declarations of the apps.\n';
const NATS_HEAD = `# Values of the chart nats 2.14.2: three servers, and users with the rights that the apps declare.\n${ENGINE_HEAD}`;
const POSTGRES_HEAD = `# CloudNativePG: for each app with a database three instances, of which two have each commit, and a pooler.\n${ENGINE_HEAD}`;

/**
 * The generated files of all charts, formatted: path from the root → text. `values.yaml` is generated in part.
 * @throws when a values file lacks the marks of its region
 */
export async function chartFiles(apps = EVERY_APP): Promise<Map<string, string>> {
  const files = await Promise.all(apps.map((app) => filesOf(app, apps)));
  return new Map([...files.flat(), ...(await enginesOf(apps)), ...observabilityCopies()]);
}

/** What a platform team installs beside our charts. */
async function enginesOf(apps: readonly AppDeclaration[]): Promise<[string, string][]> {
  const contents: [string, string][] = [
    ['nats-values.yaml', NATS_HEAD + stringify(natsValues(apps))],
    [
      'postgres.yaml',
      POSTGRES_HEAD +
        postgresManifests(apps)
          .map((each) => stringify(each))
          .join('---\n'),
    ],
  ];
  return Promise.all(
    contents.map(async ([file, text]): Promise<[string, string]> => {
      const path = `deploy/kubernetes/${file}`;
      return [path, await formatted(path, text)];
    }),
  );
}

async function filesOf(app: AppDeclaration, apps: readonly AppDeclaration[]): Promise<[string, string][]> {
  const folder = `helm/${app.name}`;
  const facts = factsOf(app, apps);
  const shared = sharedBlocks(read('helm/service/values-of-all.yaml'), app);
  const values = replaceRegion(read(`${folder}/values.yaml`), 'shared values', `\n${joined(shared)}\n`);
  const { description } = parse(read(`${folder}/Chart.yaml`)) as { description: string };
  const schema = valuesSchema(
    app.name,
    await configSchema(app.name, facts),
    shared.map(({ key }) => key),
  );
  const contents = {
    'facts.yaml': FACTS_HEAD + stringify(facts),
    'values.yaml': values,
    'values.schema.json': JSON.stringify(schema),
    'README.md': readmeOf(app.name, description, values),
  };
  const entries = Object.entries(contents).map(async ([file, text]): Promise<[string, string]> => {
    const path = `${folder}/${file}`;
    return [path, await formatted(path, text)];
  });
  return Promise.all(entries);
}

async function formatted(path: string, text: string): Promise<string> {
  const options = await resolveConfig(join(ROOT, path));
  return format(text, { ...options, filepath: path });
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
