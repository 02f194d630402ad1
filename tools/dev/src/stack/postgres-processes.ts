import { execFileSync } from 'node:child_process';
import type { EmbeddedPostgres } from './postgres.ts';

/** Ids of the processes that a Postgres has started and whose title matches. Each leads a process group of its own. */
export function processesOf({ child }: Pick<EmbeddedPostgres, 'child'>, title = /^/): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return table.split('\n').flatMap((line) => {
    const [, pid, parent, args = ''] = /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? [];
    return Number(parent) === child?.pid && title.test(args) ? [Number(pid)] : [];
  });
}
