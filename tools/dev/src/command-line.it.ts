import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tryLock } from '../bootstrap/lock.mjs';
import { EVERY_APP } from './stack/declarations.ts';
import { withCommandLine } from './stack/declared-files.ts';
import { LOCAL, ROOT } from './stack/paths.ts';

/** With the lock held here, a command that wrongly takes its arguments starts and wipes nothing. */
let lock: ReturnType<typeof tryLock>;
beforeAll(() => {
  lock = tryLock(join(LOCAL, 'start.lock'));
});
afterAll(() => {
  if ('release' in lock) lock.release();
});

function call(command: string, ...args: string[]) {
  const bootstrap = join(ROOT, 'tools/dev/bootstrap.mjs');
  const options = { cwd: ROOT, encoding: 'utf8', timeout: 20_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [bootstrap, command, ...args], options);
  return { status, stdout, stderr };
}

describe.each(['start', 'verify', 'reset', 'token', 'generate', 'graph', 'prove', 'bench'])(
  '%s',
  (command) => {
    it('refuses an option that it does not know', () => {
      const stderr = "✗ Unknown option '--nonsense' (--help says how)\n";
      expect(call(command, '--nonsense')).toEqual({ status: 2, stdout: '', stderr });
    });

    it('prints its usage', () => {
      const stdout = expect.stringMatching(/^npm (start|test|run)\b[^]*\nExit codes: 0 done.*\n$/);
      expect(call(command, '--help')).toEqual({ status: 0, stdout, stderr: '' });
    });
  },
);

describe('cli', () => {
  it('names the apps that have a command line', () => {
    const apps = withCommandLine(ROOT, EVERY_APP).join(', ');
    expect(apps).toMatch(/^orders, fulfillment\b/);
    const stderr = `✗ No command line in "nonsense": one of ${apps} (--help says how)\n`;
    expect(call('cli', 'nonsense')).toEqual({ status: 2, stdout: '', stderr });
  });
});
