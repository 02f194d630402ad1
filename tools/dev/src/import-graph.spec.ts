import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { betweenLibs, circles, importsOf, sourceFiles, type ImportGraph } from './import-graph.ts';
import { ROOT } from './stack/paths.ts';

describe('the graph of imports', () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'import-graph-')));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function graphOf(files: Record<string, string>): ImportGraph {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    return importsOf(Object.keys(files), root);
  }

  /** A lib that exports its index, as npm links it. */
  function lib(name: string): Record<string, string> {
    mkdirSync(join(root, 'node_modules/@orders'), { recursive: true });
    symlinkSync(`../../libs/${name}`, join(root, 'node_modules/@orders', name));
    return { [`libs/${name}/package.json`]: `{"name":"@orders/${name}","exports":{".":"./src/index.ts"}}` };
  }

  it.each([
    ['a value', "import { b } from './b.js';"],
    ['a type', "import type { B } from './b.js';"],
    ['a re-export', "export * from './b.js';"],
    ['a dynamic import', "export const b = () => import('./b.js');"],
    ['an inline type', "export let b: import('./b.js').B;"],
  ])('has an edge for %s', (_what, text) => {
    const graph = graphOf({ 'a.ts': text, 'b.ts': '' });
    expect(graph.get('a.ts')).toEqual(new Set(['b.ts']));
  });

  it('has none for packages of others', () => {
    expect(
      graphOf({ 'a.ts': "import { join } from 'node:path'; import ts from 'typescript';" }).get('a.ts'),
    ).toEqual(new Set());
  });

  it('goes through the name of a lib to the file that it exports', () => {
    const graph = graphOf({
      ...lib('low'),
      ...lib('high'),
      'libs/low/src/index.ts': '',
      'libs/high/src/index.ts': "import '@orders/low';",
      'libs/high/src/index.spec.ts': '',
    });
    expect(graph.get('libs/high/src/index.ts')).toEqual(new Set(['libs/low/src/index.ts']));
    expect([...betweenLibs(graph)]).toEqual([
      ['low', new Set()],
      ['high', new Set(['low'])],
    ]);
    expect(betweenLibs(graph, 'tests').get('high')).toEqual(new Set());
  });

  it('names a circle of files by its path, also one of type imports', () => {
    const graph = graphOf({
      'a.ts': "import './b.js';",
      'b.ts': "import type { C } from './c.js';",
      'c.ts': "import './a.js';",
      'd.ts': "import './a.js';",
    });
    expect(circles(graph)).toEqual([['a.ts', 'b.ts', 'c.ts', 'a.ts']]);
  });

  it('names a circle of libs even if no files form one', () => {
    const graph = graphOf({
      ...lib('one'),
      ...lib('two'),
      'libs/one/src/index.ts': '',
      'libs/one/src/index.spec.ts': "import '@orders/two';",
      'libs/two/src/index.ts': "import '@orders/one';",
    });
    expect(circles(graph)).toEqual([]);
    expect(circles(betweenLibs(graph))).toEqual([['one', 'two', 'one']]);
  });
});

describe('in this workspace', () => {
  const graph = importsOf(sourceFiles(ROOT), ROOT);

  it('imports are found, by path and by name', () => {
    const imports = graph.get('apps/orders/src/main.ts');
    expect(imports).toContain('apps/orders/src/app.ts');
    expect(imports).toContain('libs/service/src/index.ts');
  });

  it('no files import each other in a circle', () => {
    expect(circles(graph)).toEqual([]);
  });

  it('no libs do', () => {
    expect(circles(betweenLibs(graph))).toEqual([]);
  });
});
