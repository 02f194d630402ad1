import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

/** Imports, types included: the name of a file or a lib, and the names that it imports. */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>;

const OURS = /^(\.|@orders\/)/;
const TEST = /\.(spec|it|e2e)\.ts$|\/testing\//;

/** Every source file of a workspace, by its path from the root: tracked by Git, or not ignored. */
export function sourceFiles(root: string): string[] {
  const options = { cwd: root, encoding: 'utf8' } as const;
  const listed = execFileSync(
    'git',
    ['ls-files', '-co', '--exclude-standard', 'apps', 'libs', 'tools'],
    options,
  );
  const sources = listed.split('\n').filter((file) => /\.(ts|mjs)$/.test(file));
  return [...new Set(sources)].filter((file) => existsSync(join(root, file)));
}

/** What each of these files imports of our own. */
export function importsOf(files: readonly string[], root: string): ImportGraph {
  const options = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    allowJs: true,
  };
  const cache = ts.createModuleResolutionCache(root, (name) => name, options);
  const resolve = (name: string, from: string): string | undefined =>
    ts.resolveModuleName(name, from, options, ts.sys, cache, undefined, ts.ModuleKind.ESNext).resolvedModule
      ?.resolvedFileName;
  const importsOfOne = (file: string): Set<string> => {
    const path = join(root, file);
    const { importedFiles } = ts.preProcessFile(readFileSync(path, 'utf8'), true, true);
    const names = importedFiles.map(({ fileName }) => fileName).filter((name) => OURS.test(name));
    const found = names.map((name) => resolve(name, path)).filter((target) => target !== undefined);
    return new Set(found.map((target) => relative(root, target)));
  };
  return new Map(files.map((file) => [file, importsOfOne(file)]));
}

/**
 * The imports between whole libs, the lowest lib first.
 * @param only takes the imports of tests alone, or of all other files alone
 */
export function betweenLibs(graph: ImportGraph, only?: 'code' | 'tests'): ImportGraph {
  const libs = new Map<string, Set<string>>();
  for (const [file, imports] of graph) {
    const lib = libOf(file);
    if (lib === undefined) continue;
    const others = libs.get(lib) ?? new Set();
    libs.set(lib, others);
    if (only && TEST.test(file) !== (only === 'tests')) continue;
    for (const other of [...imports].map(libOf)) if (other !== undefined && other !== lib) others.add(other);
  }
  const height = (lib: string): number => reachedFrom(lib, libs).size;
  return new Map([...libs].sort(([a], [b]) => height(a) - height(b) || (a < b ? -1 : 1)));
}

function reachedFrom(node: string, graph: ImportGraph, reached = new Set<string>()): Set<string> {
  for (const next of graph.get(node) ?? []) {
    if (!reached.has(next)) reachedFrom(next, graph, reached.add(next));
  }
  return reached;
}

function libOf(file: string): string | undefined {
  return /^libs\/(contracts\/(?:events|rpc)|[^/]+)\//.exec(file)?.[1];
}

/** The circles in a graph, each once and as the path around it: `a`, `b`, `a`. */
export function circles(graph: ImportGraph): string[][] {
  const found: string[][] = [];
  const way: string[] = [];
  const done = new Set<string>();
  const visit = (node: string): void => {
    const start = way.indexOf(node);
    if (start >= 0) found.push([...way.slice(start), node]);
    if (start >= 0 || done.has(node)) return;
    way.push(node);
    graph.get(node)?.forEach(visit);
    way.pop();
    done.add(node);
  };
  [...graph.keys()].forEach(visit);
  return found;
}
