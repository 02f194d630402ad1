import { join } from 'node:path';
import { ROOT } from '../stack/paths.ts';
import { CommandFailed, run } from '../stack/run.ts';
import type { Check } from './check.ts';

interface ToolCheck {
  name: string;
  /** Default: it needs the build. */
  needs?: 'nothing';
  script: string;
  args: string[];
  /** What a line `not done: …` in its report means: a part of the check, or all of it. */
  notDone: 'part' | 'all';
}

/** A check that runs another tool. Its report is shown when it fails, its lines `not done: …` always. */
function toolCheck({ name, needs, script, args, notDone }: ToolCheck): Check {
  const command = ['--disable-warning=ExperimentalWarning', join(ROOT, script), ...args];
  return {
    name,
    ...(needs === undefined && { needs: 'build' }),
    run: async ({ signal, onLine }) => {
      try {
        const printed = await run(process.execPath, command, { cwd: ROOT, signal, onLine });
        const left = new Set(printed.match(/^not done: .*$/gm));
        const skipped = notDone === 'all' && left.size > 0 ? 1 : 0;
        return { passed: 1 - skipped, failed: 0, skipped, output: [...left].join('\n') };
      } catch (error) {
        if (!(error instanceof CommandFailed)) throw error;
        return { passed: 0, failed: 1, skipped: 0, output: error.output };
      }
    },
  };
}

/** Some trials of the delivery proof, of a new plan each time; when one fails the output says how to repeat it. */
export const PROOF = toolCheck({
  name: 'delivery proof',
  script: 'tools/prove/src/prove.ts',
  args: ['--quick'],
  notDone: 'part',
});

/** All platforms of the proof but the default one. */
export const OTHER_SERVERS = ['cluster', 'nats215', 'pg15', 'pg16', 'pg17', 'standby', 'pooler'];

/** A short round of the same on each of the other servers that are supported. */
export const PROOF_ON_OTHER_SERVERS = toolCheck({
  name: 'delivery proof on other servers',
  script: 'tools/prove/src/prove.ts',
  args: ['--trials', '2', ...OTHER_SERVERS.flatMap((name) => ['--on', name])],
  notDone: 'part',
});

/** The CPU of an order, of a read and of a mixed load must not rise relative to what pgbench needs for it. */
export const COST_GUARD = toolCheck({
  name: 'cost of a request',
  script: 'tools/bench/src/main.ts',
  args: ['guard'],
  notDone: 'all',
});

/** Hostile input for the running system: requests, calls, messages, bytes. When a case fails the output says how to repeat it. */
export const FUZZ = toolCheck({
  name: 'fuzzing',
  script: 'tools/fuzz/src/main.ts',
  args: [],
  notDone: 'part',
});

/** Changes that break users of the released contracts. */
export const CONTRACTS = toolCheck({
  name: 'contracts',
  needs: 'nothing',
  script: 'tools/contract-gates/src/main.ts',
  args: ['check'],
  notDone: 'part',
});

/** Known holes of our packages. It runs each time: what is known changes from day to day. */
export const ADVISORIES: Check = {
  ...toolCheck({
    name: 'advisories',
    needs: 'nothing',
    script: 'tools/supply/src/main.ts',
    args: ['advisories'],
    notDone: 'all',
  }),
  outside: true,
};

/** Passwords, keys and tokens in the files and in the history. */
export const SECRETS = toolCheck({
  name: 'secrets',
  needs: 'nothing',
  script: 'tools/supply/src/main.ts',
  args: ['secrets'],
  notDone: 'all',
});
