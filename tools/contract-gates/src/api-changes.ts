import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '@orders/dev/stack/paths';
import { CommandFailed, run } from '@orders/dev/stack/run';
import { z } from 'zod';
import type { ApiChange } from './breakage.ts';
import { quietChanges } from './quiet-changes.ts';

/** An OpenAPI 3.1 document. */
export type ApiDocument = Readonly<Record<string, unknown>>;

const change = z.object({
  path: z.string(),
  impact: z.enum(['major', 'minor', 'patch']),
  verdicts: z.array(z.object({ impact: z.string(), message: z.string() })),
});
const report = z.object({ changes: z.array(change) });

/** The changes that break clients: what Redocly's diff rates as major, and what it does not see. */
export async function apiChanges(current: ApiDocument, released: ApiDocument): Promise<ApiChange[]> {
  const folder = await mkdtemp(join(tmpdir(), 'orders-contracts-'));
  try {
    const [base, revision] = await Promise.all([
      resolved(folder, 'released', released),
      resolved(folder, 'current', current),
    ]);
    const output = join(folder, 'diff.json');
    await redocly(['diff', base, revision, '--format', 'json', '--fail-on', 'none', '--output', output]);
    const { changes } = report.parse(await readJson(output));
    const major = changes.filter(({ impact }) => impact === 'major');
    const loud = major.map(({ path, verdicts }) => ({
      pointer: path,
      what: verdicts.map(({ message }) => message).join(' '),
    }));
    return [...loud, ...quietChanges(await readJson(revision), await readJson(base))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes the document with its references resolved: the diff compares what a pointer means, not how it is written. */
async function resolved(folder: string, name: string, document: ApiDocument): Promise<string> {
  const [file, target] = [join(folder, `${name}.json`), join(folder, `${name}.resolved.json`)];
  await writeFile(file, JSON.stringify(document));
  await redocly(['bundle', file, '--dereferenced', '--output', target]);
  return target;
}

async function redocly(args: string[]): Promise<void> {
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  try {
    await run(process.execPath, [join(ROOT, 'node_modules/@redocly/cli/bin/cli.js'), ...args], { env });
  } catch (error) {
    if (error instanceof CommandFailed) throw new Error(error.output, { cause: error });
    throw error;
  }
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}
