import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '@orders/dev/bootstrap/problem.mjs';
import { parseArguments, runTool } from '@orders/dev/command-line';
import { NoBinary } from '@orders/dev/stack/binaries';
import { ROOT } from '@orders/dev/stack/paths';
import { z } from 'zod';
import { auditFindings, exception } from './advisories.ts';
import { NotAsked, npmAudit } from './npm-audit.ts';
import { resolveGitleaks, secretsIn } from './secrets.ts';

const EXCEPTIONS = 'tools/supply/advisory-exceptions.json';

const USAGE = `npm run supply -- advisories | secrets: checks what we depend on and what we would publish
  advisories  known holes of the packages in the lockfile (npm audit); ${EXCEPTIONS}
              lists those that we live with, each with a reason and the day until which
  secrets     passwords, keys and tokens in the files and in the history (gitleaks; .gitleaks.toml)
  --must      fails where it cannot look; without it, a line "not done: …" tells`;

/** Each check resolves with what it found. */
const CHECKS = {
  advisories: async () => {
    const exceptions = z.array(exception).parse(JSON.parse(readFileSync(join(ROOT, EXCEPTIONS), 'utf8')));
    return auditFindings(await npmAudit(), exceptions, new Date().toISOString().slice(0, 10));
  },
  secrets: async () => secretsIn(ROOT, await resolveGitleaks()),
};

await runTool({ usage: USAGE, parse }, main);

interface Options {
  what: keyof typeof CHECKS;
  must: boolean;
}

function parse(args: string[]): Options {
  const { values, positionals } = parseArguments({
    args,
    allowPositionals: true,
    options: { must: { type: 'boolean', default: false } },
  });
  const [what = ''] = positionals;
  if (positionals.length !== 1 || !Object.hasOwn(CHECKS, what))
    throw new UsageError(`Name one of: ${Object.keys(CHECKS).join(', ')}`);
  return { what: what as Options['what'], must: values.must };
}

async function main({ what, must }: Options): Promise<number> {
  try {
    const findings = await CHECKS[what]();
    for (const finding of findings) console.log(`✗ ${finding}`);
    console.log(findings.length === 0 ? `✓ ${what}: none` : `✗ ${what}: ${findings.length}`);
    return findings.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof NotAsked || error instanceof NoBinary)) throw error;
    console.log(`not done: ${what}: ${error.message}`);
    return must ? 1 : 0;
  }
}
