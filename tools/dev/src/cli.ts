import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Problem, report, UsageError } from '../bootstrap/problem.mjs';
import { runToEnd } from '../bootstrap/run-to-end.mjs';
import { asksForHelp } from './command-line.ts';
import { EVERY_APP } from './stack/declarations.ts';
import { withCommandLine } from './stack/declared-files.ts';
import { readEnvironments } from './stack/environments.ts';
import { LOCAL, ROOT } from './stack/paths.ts';

const APPS_WITH_COMMANDS = withCommandLine(ROOT, EVERY_APP);

process.exitCode = await main(process.argv.slice(2)).catch(report);

/** `npm run orders -- …`, `npm run fulfillment -- …`: an app's own command line, on the running system's servers. */
async function main([app = '', ...args]: string[]): Promise<number> {
  if (!APPS_WITH_COMMANDS.includes(app))
    throw new UsageError(`No command line in "${app}": one of ${APPS_WITH_COMMANDS.join(', ')}`);
  const entry = join(ROOT, 'apps', app, 'dist/cli.js');
  if (!existsSync(entry)) throw new Problem(`${app} is not built: npm start or npm run build does it.`);
  return runToEnd(process.execPath, [entry, ...args], {
    cwd: ROOT,
    env: asksForHelp(args) ? process.env : environmentOf(app),
  });
}

/** The variables of the shell win: they may point to another system. */
function environmentOf(app: string): NodeJS.ProcessEnv {
  const { DATABASE_URL: databaseUrl, NATS_URL: natsUrl } = process.env;
  const local = databaseUrl ? {} : readEnvironments(LOCAL)?.[app];
  if (!local)
    throw new Problem('No running system: npm start in another terminal, or set DATABASE_URL and NATS_URL.');
  return { ...process.env, ...local, ...(natsUrl ? { NATS_URL: natsUrl } : {}) };
}
