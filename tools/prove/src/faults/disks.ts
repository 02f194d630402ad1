import { answersOk, until } from '@orders/dev/stack/until';
import type { Disks, SystemUnderProof } from '../system-under-proof.ts';
import { queries } from '../census.ts';
import type { Fault } from './fault.ts';
import { signalAll } from './process.ts';
import { serverProcess } from './server-process.ts';

type Server = keyof Disks;
const SERVERS: readonly Server[] = ['postgres', 'nats-server'];
const MACHINE = 'the whole machine';
/** The log of Postgres cannot grow: then it ends, and does not come back before there is room. */
const WAL = 'the log of postgres';
/** More than it has in reserve. */
const WAL_FILES = 20;

/** Faults of disks. They need a disk for each server. */
export const DISK_FAULTS: readonly Fault[] = [
  {
    name: 'power cut',
    targets: [...SERVERS, MACHINE],
    durationMs: [0, 1_000],
    needs: 'disks',
    component: serversOf,
    begin: async (sut, { target }) => {
      const ends = await Promise.all(serversOf(target).map((server) => cutPower(sut, server)));
      return async () => void (await Promise.all(ends.map((end) => end())));
    },
  },
  {
    name: 'disk full',
    targets: [...SERVERS, WAL],
    durationMs: [500, 3_000],
    needs: 'disks',
    component: serversOf,
    begin: async (sut, { target }) => {
      const [server = 'postgres'] = serversOf(target);
      const disk = sut.disks![server];
      await disk.fill();
      if (target === WAL) await useUpLog(sut).catch(() => undefined); // it ends meanwhile
      return async () => {
        await disk.free();
        await comesBack(sut, server);
      };
    },
  },
];

/** Begins new files of the log until there is none left. */
async function useUpLog({ system }: SystemUnderProof): Promise<void> {
  const switches = Array.from({ length: WAL_FILES }, () => [
    "SELECT pg_logical_emit_message(false, 'prove', 'x')",
    'SELECT pg_switch_wal()',
  ]);
  await queries(system.postgres.url(), switches.flat());
}

function serversOf(target: string): readonly Server[] {
  if (target === WAL) return ['postgres'];
  return target === MACHINE ? SERVERS : SERVERS.filter((server) => server === target);
}

async function cutPower(sut: SystemUnderProof, server: Server): Promise<() => Promise<void>> {
  const { pids, kill, start } = serverProcess(sut.system, server);
  signalAll(pids(), 'SIGSTOP');
  await sut.disks![server].cutPower(kill);
  return start;
}

/** Resolves when the server answers again. A full disk may end it: then it is started again, as a supervisor would. */
async function comesBack({ system }: SystemUnderProof, server: Server): Promise<void> {
  const { pids, kill, start } = serverProcess(system, server);
  const answers = (): Promise<boolean> =>
    server === 'postgres'
      ? queries(system.postgres.url(), ['SELECT 1']).then(
          () => true,
          () => false,
        )
      : answersOk(`${system.nats.server!.monitoringUrl}/healthz?js-enabled-only=true`);
  const attempt = async (): Promise<boolean> => {
    if (await answers()) return true;
    if (server === 'nats-server') await kill();
    if (pids().length === 0) await start();
    return false;
  };
  await until(attempt, { timeoutMs: 30_000, everyMs: 200, what: `${server} after its disk was full` });
}
