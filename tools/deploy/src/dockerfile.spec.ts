import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { JSONInstruction, type Instruction } from 'dockerfile-ast';
import { appArguments } from '@orders/dev/stack/app';
import { ROOT } from '@orders/dev/stack/paths';
import { readDockerfile } from './dockerfile.ts';

const dockerfile = readDockerfile();
const instructions = dockerfile.getInstructions();
const lastFrom = instructions.findLastIndex((instruction) => keyword(instruction) === 'FROM');
const lastStage = instructions.slice(lastFrom);

function keyword(instruction: Instruction | undefined): string {
  return instruction?.getKeyword() ?? '';
}

function only(name: string): Instruction {
  const [found, ...more] = lastStage.filter((instruction) => keyword(instruction) === name);
  if (!found || more.length > 0)
    throw new Error(`${more.length + (found ? 1 : 0)} ${name} in the last stage`);
  return found;
}

function words(name: string): string[] {
  const instruction = only(name);
  if (!(instruction instanceof JSONInstruction)) throw new Error(`${name} is not in exec form`);
  return instruction.getJSONStrings().map((word) => word.getJSONValue());
}

describe('docker/Dockerfile', () => {
  it('takes its bases by argument, with exact names as defaults', () => {
    const defaults = Object.fromEntries(
      dockerfile.getInitialARGs().map((arg) => [arg.getProperty()?.getName(), arg.getProperty()?.getValue()]),
    );
    expect(defaults).toEqual({
      BUILD_IMAGE: 'docker.io/library/node:24-trixie-slim',
      RUNTIME_IMAGE: 'gcr.io/distroless/nodejs24-debian13:nonroot',
    });
    const stages = dockerfile.getFROMs().map((from) => from.getBuildStage());
    for (const from of dockerfile.getFROMs()) {
      expect([...stages, '${BUILD_IMAGE}', '${RUNTIME_IMAGE}']).toContain(from.getImage());
    }
    expect(dockerfile.getFROMs().at(-1)?.getImage()).toBe('${RUNTIME_IMAGE}');
  });

  it('runs as nobody, by number, so that Kubernetes can tell', () => {
    expect(only('USER').getArgumentsContent()).toBe('65532:65532');
  });

  it('runs nothing in the last stage, which has no shell', () => {
    expect(lastStage.map(keyword)).not.toContain('RUN');
    expect(words('ENTRYPOINT')).toEqual(['/nodejs/bin/node']);
    expect(words('CMD')).toEqual(appArguments('gateway').map((word) => word.replace('apps/gateway', 'app')));
    const [health] = dockerfile.getHEALTHCHECKs();
    expect(health?.getRawArgumentsContent()).toMatch(/CMD\s*\["\/nodejs\/bin\/node", "-e", .*\/readyz.*\]$/s);
  });

  it('installs from the lockfile, without scripts', () => {
    const runs = instructions
      .filter((instruction) => keyword(instruction) === 'RUN')
      .map((run) => run.getRawArgumentsContent() ?? '');
    const installs = runs.filter((text) => /\bnpm\b/.test(text));
    expect(installs).toHaveLength(2);
    for (const text of installs) {
      expect(text).toMatch(/npm ci [^&]*--ignore-scripts/);
      expect(text).not.toMatch(/npm (i|install|add|update)\b/);
    }
    expect(installs.filter((text) => text.includes('--omit=dev'))).toHaveLength(1);
  });

  it('copies, and never adds', () => {
    expect(instructions.map(keyword)).not.toContain('ADD');
  });

  it('takes no secret by argument or variable', () => {
    const names = instructions
      .filter((instruction) => ['ARG', 'ENV'].includes(keyword(instruction)))
      .map((instruction) => instruction.getArgumentsContent() ?? '');
    expect(names.join(' ')).not.toMatch(/token|password|secret|_url\b/i);
  });

  it('says what the image is', () => {
    const labels = only('LABEL').getArgumentsContent() ?? '';
    for (const name of ['title', 'description', 'version', 'revision', 'source', 'licenses']) {
      expect(labels).toContain(`org.opencontainers.image.${name}=`);
    }
  });

  it('does the same for all apps until the argument APP, so that they share layers', () => {
    const firstApp = instructions.findIndex((instruction) =>
      /^APP\b/.test(instruction.getArgumentsContent() ?? ''),
    );
    const build = instructions.findIndex((instruction) =>
      instruction.getRawArgumentsContent()?.includes('nx run-many'),
    );
    expect(build).toBeGreaterThan(0);
    expect(firstApp).toBeGreaterThan(build);
  });
});

describe('.dockerignore', () => {
  it('sends nothing but what is named', () => {
    const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines[0]).toBe('*');
    expect(lines).toEqual(expect.arrayContaining(['**/node_modules', '**/dist', '!package-lock.json']));
    expect(lines.filter((line) => /^!.*(\.env|\.git\b|\.local)/.test(line))).toEqual([]);
  });
});
