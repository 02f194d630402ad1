import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');
const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);
const files = git('ls-files', '--cached', '--others', '--exclude-standard');
const documents = files.filter((file) => file.endsWith('.md'));
const scripts = Object.keys(
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts,
);

/** Where a name in backticks may stand: at the root, or a bare file name anywhere. NAME stands for an app. */
function exists(path: string): boolean {
  if (path.includes('/NAME')) return exists(path.replace('/NAME', '/orders'));
  if (path.includes('/')) return existsSync(join(root, path));
  return files.some((file) => file === path || file.endsWith(`/${path}`));
}

function namedIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

describe.each(documents)('%s', (document) => {
  const text = readFileSync(join(root, document), 'utf8');

  it('links to what exists', () => {
    const links = namedIn(text, /\]\((?!https?:|#)([^)#]+)/g);
    expect(links.filter((link) => !existsSync(join(root, dirname(document), link)))).toEqual([]);
  });

  it('names files and folders that exist', () => {
    const paths = namedIn(
      text,
      /`((?:apps|libs|tools|docs|docker|helm|deploy|\.github)\/[\w./-]*|[\w.-]+\.(?:ts|mjs|json|yaml|yml|proto|md))`/g,
    );
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const named = namedIn(text, /npm run (?:--silent )?([\w:-]+)/g);
    expect(named.filter((script) => !scripts.includes(script))).toEqual([]);
  });
});
