import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { report } from '../bootstrap/problem.mjs';
import { LOCAL } from './stack/paths.ts';
import { removePostgres } from './stack/postgres.ts';
import { endLeftovers } from './stack/run-state.ts';
import { startLock } from './start-lock.ts';

process.exitCode = await main().catch(report);

/** `npm run reset`: forgets every order, stream and key of the local system. */
async function main(): Promise<number> {
  await startLock();
  await endLeftovers(join(LOCAL, 'run.json'));
  const postgres = join(LOCAL, 'postgres');
  if (existsSync(postgres)) removePostgres(postgres);
  rmSync(LOCAL, { recursive: true, force: true });
  console.log('Wiped .local: the next npm start begins empty.');
  return 0;
}
