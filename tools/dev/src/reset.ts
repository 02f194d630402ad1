import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { noArguments, runTool } from './command-line.ts';
import { LOCAL } from './stack/paths.ts';
import { removePostgres } from './stack/postgres.ts';
import { endLeftovers } from './stack/run-state.ts';
import { startLock } from './start-lock.ts';

const USAGE = 'npm run reset: wipes .local, which holds orders, streams and the issuer key of npm start';

await runTool({ usage: USAGE, parse: noArguments }, main);

/** `npm run reset`: removes every order, stream and key of the local system. */
async function main(): Promise<number> {
  const wasThere = existsSync(LOCAL); // the lock makes it
  await startLock();
  await endLeftovers(join(LOCAL, 'run.json'));
  const postgres = join(LOCAL, 'postgres');
  if (existsSync(postgres)) removePostgres(postgres);
  rmSync(LOCAL, { recursive: true, force: true });
  console.log(`${wasThere ? 'Wiped .local' : 'There was no .local'}: the next npm start begins empty.`);
  return 0;
}
