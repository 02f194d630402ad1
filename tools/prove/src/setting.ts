import { execFileSync } from 'node:child_process';
import { machine } from '@orders/dev/machine';
import { ROOT } from '@orders/dev/stack/paths';
import type { System } from '@orders/dev/stack/system';
import { queries } from './census.ts';

/** Versions and machine of a run: names and values. */
export async function settingOf({ postgres, nats }: System): Promise<[name: string, value: string][]> {
  const [[version]] = await queries<[{ server_version: string }]>(postgres.url(), ['SHOW server_version']);
  const varz = await fetch(`${nats.server?.monitoringUrl}/varz`);
  const { version: natsVersion } = (await varz.json()) as { version: string };
  const { cpu, cores, memoryGiB, kernel, node } = machine();
  return [
    ['Node', node],
    ['Postgres', version!.server_version],
    ['nats-server', natsVersion],
    ['machine', `${cores} × ${cpu}, ${memoryGiB} GiB`],
    ['system', `${kernel} ${process.arch}`],
    ['day', new Date().toISOString().slice(0, 10)],
  ];
}

/** The commit of the sources, and whether they have been changed since. */
export function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', 'apps', 'libs') === '' ? '' : ', changed since';
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed}`;
  } catch {
    return 'unknown: no git here';
  }
}
