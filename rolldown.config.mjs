// The build of one app, run in its folder: everything that starts goes into dist (docs/adr/0014-one-bundle-an-app.md).
//
// The app's `devDependencies`, our libs among them, are compiled in. Its `dependencies` stay packages beside it: what
// reads files of its own, and what that needs as well.
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { defineConfig, rolldown } from 'rolldown';
import { parseSync, Visitor } from 'rolldown/utils';
import parseLicence from 'spdx-expression-parse';
import { reach } from './docker/prune.mjs';

const { dependencies = {}, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const beside = Object.keys(dependencies);
const entries = ['main', 'migrate', 'cli'].filter((name) => existsSync(`src/${name}.ts`));
/** Nest takes what it finds, and in a workspace it finds what other apps need. */
const others = ['@nestjs/microservices'].filter((name) => !(name in devDependencies));

/** Compiled in all the same: our own edges make their spans (docs/adr/0017, docs/adr/0027). */
const TRACED_BY_US = new Set(['@grpc/grpc-js', '@nestjs/core', 'pg', 'pg-pool', 'pino']);

/** What is compiled in cannot be patched: then a library would not be traced, and nothing would tell. */
const untraced = {
  name: 'untraced-libraries',
  generateBundle(_options, bundle) {
    const compiledIn = packagesIn(bundle).map((folder) => folder.replace(/.*\/node_modules\//, ''));
    const silent = compiledIn.filter((name) => patchedLibraries().has(name) && !TRACED_BY_US.has(name));
    if (silent.length === 0) return;
    this.error(
      `Not traced when compiled in: ${silent.join(', ')}. List it under "dependencies" in package.json.`,
    );
  },
};

/** What OpenTelemetry's instrumentations patch, by their own lists. */
function patchedLibraries() {
  const require = createRequire(join(import.meta.dirname, 'libs/instrumentation/package.json'));
  const { getNodeAutoInstrumentations } = require('@opentelemetry/auto-instrumentations-node');
  const definitions = getNodeAutoInstrumentations().flatMap((each) => each.getModuleDefinitions?.() ?? []);
  return new Set(definitions.map(({ name }) => name).filter((name) => !isBuiltin(name)));
}

/** Most licences ask to go with every copy. The file has each text once, after the packages and versions that it is of. */
const licences = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const packages = Map.groupBy(packagesIn(bundle), licenceOf);
    const source = [...packages].map(([text, folders]) => [...folders.map(titleOf), '', text].join('\n'));
    this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: source.join('\n\n\n') });
  },
};

/** Folders of the packages that are compiled in, sorted. */
function packagesIn(bundle) {
  const modules = Object.values(bundle).flatMap(({ moduleIds = [] }) => moduleIds.filter(isAbsolute));
  const folders = modules.map((path) => /.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean);
  return [...new Set(folders)].sort();
}

function titleOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return `${name} ${version} (${license})`;
}

function licenceOf(folder) {
  const files = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && /^(licen[cs]e|notice|copying)/i.test(entry.name),
  );
  return files.map((file) => readFileSync(join(folder, file.name), 'utf8').trim()).join('\n\n');
}

/**
 * What the app consists of, in CycloneDX: the packages that are compiled in, and those beside the bundle. It has no serial
 * number and no time, so that the same sources make the same file.
 */
const billOfMaterials = {
  name: 'bill-of-materials',
  generateBundle(_options, bundle) {
    const [app, ...others] = reach(process.cwd());
    const bom = new Models.Bom();
    bom.metadata.component = componentOf(app, Enums.ComponentType.Application);
    const parts = [...packagesIn(bundle), ...others].map((folder) =>
      componentOf(folder, Enums.ComponentType.Library),
    );
    // A package may be installed twice in one version.
    for (const part of new Map(parts.map((each) => [each.purl, each])).values()) bom.components.add(part);
    const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
    const source = serializer.serialize(bom, { sortLists: true });
    this.emitFile({ type: 'asset', fileName: 'sbom.cdx.json', source });
  },
};

const components = new Contrib.FromNodePackageJson.Builders.ComponentBuilder(
  new Contrib.FromNodePackageJson.Factories.ExternalReferenceFactory(),
  new Contrib.License.Factories.LicenseFactory(parseLicence),
);

function componentOf(folder, type) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const component = components.makeComponent(manifest, type);
  component.purl = `pkg:npm/${manifest.name.replace('@', '%40')}@${manifest.version}`;
  component.bomRef.value = component.purl;
  return component;
}

const PAGE = 'src/page';

/** An app with a page has it as files in dist/page: its modules as one, and what else is in the folder unchanged. */
const page = {
  name: 'page',
  async generateBundle() {
    if (!existsSync(`${PAGE}/main.ts`)) return;
    const build = await rolldown({
      input: `${PAGE}/main.ts`,
      platform: 'browser',
      tsconfig: 'tsconfig.json',
    });
    const { output } = await build.generate({ minify: true, codeSplitting: false });
    await build.close();
    this.emitFile({ type: 'asset', fileName: 'page/page.js', source: output[0].code });
    for (const file of readdirSync(PAGE).filter((name) => !name.endsWith('.ts')))
      this.emitFile({
        type: 'asset',
        fileName: `page/${file}`,
        source: readFileSync(join(PAGE, file), 'utf8'),
      });
    pageModules = output[0].moduleIds;
  },
};
let pageModules = [];

/**
 * V8 takes a function that is assigned to a property, as in `call.done = () => …`, for a method and makes it in the old
 * generation. One that is made for each call then keeps all that it sees from the young collections, until a major one
 * finds it dead (docs/adr/0017). `call.done = (0, () => …)` is the same, and young.
 */
const youngFunctions = {
  name: 'young-functions',
  renderChunk(code, { fileName }, ...[, { magicString }]) {
    new Visitor({
      AssignmentExpression({ left, right }) {
        const isFunction = right.type === 'ArrowFunctionExpression' || right.type === 'FunctionExpression';
        if (left.type !== 'MemberExpression' || !isFunction) return;
        magicString.appendLeft(right.start, '(0, ').appendRight(right.end, ')');
      },
    }).visit(parseSync(fileName, code).program);
    return magicString;
  },
};

export default defineConfig({
  input: {
    register: '@orders/instrumentation/register',
    ...Object.fromEntries(entries.map((name) => [name, `src/${name}.ts`])),
  },
  platform: 'node',
  tsconfig: 'tsconfig.json',
  external: (id) => beside.some((name) => id === name || id.startsWith(`${name}/`)),
  resolve: { alias: Object.fromEntries(others.map((name) => [name, false])) },
  plugins: [page, untraced, licences, billOfMaterials, youngFunctions],
  experimental: { nativeMagicString: true },
  // On a busy machine it would warn of a slow plugin, and a warning is an error here.
  checks: { bundlerTimings: false },
  output: {
    dir: 'dist',
    cleanDir: true,
    chunkFileNames: 'chunks/[name]-[hash].js',
    sourcemap: true,
    // Nest uses the names of classes. Nothing is minified: a stack trace is to be read.
    keepNames: true,
    // By default expressions are cleaned up, which would undo the young functions.
    minify: false,
    comments: { legal: true, annotation: false, jsdoc: false },
  },
  onLog(level, log, handle) {
    // Libraries try to import what is optional; every other warning is an error.
    const isOptional = log.code === 'UNRESOLVED_IMPORT' && log.id?.includes('node_modules');
    if (!isOptional) handle(level === 'warn' ? 'error' : level, log);
  },
});
