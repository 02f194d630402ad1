import { execFileSync } from 'node:child_process';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { ROOT } from '@orders/dev/stack/paths';
import type { System } from '@orders/dev/stack/system';
import { queries } from './census.ts';

/** On what a run ran: names and values. */
export async function settingOf({ postgres, nats }: System): Promise<[name: string, value: string][]> {
  const [[version] = []] = await queries(postgres.url(), ['SHOW server_version']);
  const varz = await fetch(`${nats.server?.monitoringUrl}/varz`);
  const { version: natsVersion } = (await varz.json()) as { version: string };
  return [
    ['commit', commit()],
    ['Node', process.version],
    ['Postgres', (version as { server_version: string }).server_version],
    ['nats-server', natsVersion],
    ['machine', `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['system', `${platform()} ${release()} ${arch()}`],
    ['day', new Date().toISOString().slice(0, 10)],
  ];
}

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', 'apps', 'libs') === '' ? '' : ', changed since';
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed}`;
  } catch {
    return 'unknown: no git here';
  }
}
