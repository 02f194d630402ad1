import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from '../bootstrap/lock.mjs';
import { Problem, report } from '../bootstrap/problem.mjs';
import { LOCAL, START_LOCK } from './stack/paths.ts';
import { removePostgres } from './stack/postgres.ts';
import { endLeftovers } from './stack/run-state.ts';

process.exitCode = await main().catch(report);

/** `npm run reset`: forgets every order, stream and key of the local system. */
async function main(): Promise<number> {
  const lock = tryLock(START_LOCK);
  if ('holder' in lock) throw new Problem(`npm start is running (pid ${lock.holder.pid}): stop it first.`);
  await endLeftovers(join(LOCAL, 'run.json'));
  const postgres = join(LOCAL, 'postgres');
  if (existsSync(postgres)) removePostgres(postgres);
  rmSync(LOCAL, { recursive: true, force: true });
  console.log('Wiped .local: the next npm start begins empty.');
  return 0;
}
