import { ROOT } from '@orders/dev/stack/paths';
import { CommandFailed, run } from '@orders/dev/stack/run';
import { z } from 'zod';
import type { Breakage } from './breakage.ts';

/** buf ends with it when it found something. */
const FOUND = /ended with code 100\b/;

const finding = z.object({ path: z.string(), type: z.string(), message: z.string() });

/**
 * What `buf breaking` finds, by its rules of a file: source code that was made from the .proto must go on to compile, since
 * consumers take it as a package. WIRE and WIRE_JSON let a field be removed that somebody still reads.
 *
 * @param current folder of a module: buf.yaml and its .proto files
 * @param released the same, as it was released
 */
export async function protoChanges(current: string, released: string): Promise<Breakage[]> {
  const args = ['breaking', '--against', released, '--error-format', 'json'];
  try {
    await run(`${ROOT}/node_modules/.bin/buf`, args, { cwd: current });
    return [];
  } catch (error) {
    if (!(error instanceof CommandFailed) || !FOUND.test(error.message)) throw error;
    const lines = error.output.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => toBreakage(finding.parse(JSON.parse(line))));
  }
}

function toBreakage({ path, type, message }: z.infer<typeof finding>): Breakage {
  const [, owner] = /\bmessage "(?:[\w.]+\.)?(\w+)"/.exec(message) ?? [];
  const names = [...message.matchAll(/\bname (?:from )?"(\w+)"/g)].map(([, name = '']) => name);
  const fields = owner === undefined ? [] : names.map((name) => `${owner}.${camelCase(name)}`);
  return { at: path, what: `${message} (${type})`, fields };
}

function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
