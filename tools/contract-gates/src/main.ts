import { UsageError } from '@orders/dev/bootstrap/problem.mjs';
import { parseArguments, runTool } from '@orders/dev/command-line';
import { describeBreakage } from './breakage.ts';
import { breakages, release } from './contracts.ts';
import { readsOfApps } from './reads.ts';

const USAGE = `npm run contracts -- check | release: gRPC, events and the HTTP API against what was released
  check    what breaks a user of the released contracts, with the apps and the lines that read it
  release  keeps the contracts as released, when nothing is broken; the release does it
A change that must break is a new version beside the old one: docs/changing-contracts.md`;

await runTool({ usage: USAGE, parse }, main);

type Command = 'check' | 'release';

function parse(args: string[]): Command {
  const { positionals } = parseArguments({ args, allowPositionals: true, options: {} });
  const [command] = positionals;
  if (positionals.length !== 1 || (command !== 'check' && command !== 'release'))
    throw new UsageError('Name one of: check, release');
  return command;
}

async function main(command: Command): Promise<number> {
  const broken = await breakages();
  const reads = broken.length > 0 ? readsOfApps() : [];
  for (const one of broken) console.log(`✗ ${describeBreakage(one, reads)}`);
  if (broken.length > 0) {
    console.log(`✗ ${broken.length} changes break users of the released contracts`);
    return 1;
  }
  if (command === 'release') release();
  console.log(command === 'release' ? '✓ kept as released' : '✓ contracts: nothing is broken');
  return 0;
}
