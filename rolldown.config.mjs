// The build of one app, run in its folder: everything that starts goes into dist (docs/adr/0014-one-bundle-an-app.md).
//
// The app's `devDependencies`, our libs among them, are compiled in. Its `dependencies` stay packages beside it: what
// reads files of its own, and what that needs as well.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { defineConfig } from 'rolldown';
import { parseSync, Visitor } from 'rolldown/utils';

const { dependencies = {}, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const beside = Object.keys(dependencies);
const entries = ['main', 'migrate', 'cli'].filter((name) => existsSync(`src/${name}.ts`));
/** Nest takes what it finds, and in a workspace it finds what other apps need. */
const others = ['@nestjs/microservices'].filter((name) => !(name in devDependencies));

/** Most licences ask to go with every copy; the file tells what is inside, and in which version. */
const licences = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap(({ moduleIds = [] }) => moduleIds.filter(isAbsolute));
    const folders = modules
      .map((path) => /.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0])
      .filter(Boolean);
    const source = [...new Set(folders)].sort().map(licenceOf).join('\n\n\n');
    this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source });
  },
};

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && /^(licen[cs]e|notice|copying)/i.test(entry.name),
  );
  const texts = files.map((file) => readFileSync(join(folder, file.name), 'utf8').trim());
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}

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
  plugins: [licences, youngFunctions],
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
