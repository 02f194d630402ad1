import { setTimeout as delay } from 'node:timers/promises';
import { machine } from '@orders/dev/machine';
import { of } from '@orders/dev/stack/wiring';
import type { Bench } from './bench.ts';
import { figure } from './figure.ts';
import { openLoop, type OpenLoad, type OpenLoopResult } from './load/open-loop.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { closedLoop, type Run, warmUp } from './closed-loop.ts';
import { checkTable, type Check, type Outcome, type Table } from './outcome.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

const FACTORS = [1, 2, 5, 10] as const;
/** As many as the gateway serves at once: enough for its highest rate, and none is refused. */
const CAPACITY_CONNECTIONS = 128;
/** This many customers send 1 request a second each, while another sends ten times the capacity. */
const QUIET_CUSTOMERS = 50;
const QUIET_SECONDS = 20;
const RECOVERY_SECONDS = 8;

interface Stage extends OpenLoopResult {
  name: string;
  perSecond: number;
  /** 201s a second. */
  accepted: number;
  gatewayMiB: number;
  ordersMiB: number;
  loopP99Ms: number;
}

/** Open-loop load at multiples of the capacity: what is accepted, how fast, and what other customers notice. */
export async function runOverload(bench: Bench): Promise<Outcome> {
  const { signal, options } = bench;
  const generator = await resolveGenerator(signal);
  const found = await bench.withSystem({}, async (sut) => {
    await warmUp(bench, sut, { generator });
    const closed = { generator, connections: CAPACITY_CONNECTIONS, seconds: options.seconds };
    const before = await closedLoop(bench, sut, { ...closed, name: 'capacity' });
    const capacity = before.perSecond;
    const stages: Stage[] = [];
    for (const factor of FACTORS) {
      const load = { perSecond: capacity * factor, seconds: options.seconds };
      stages.push(await bench.step(`${factor}x`, () => stage(sut, { name: `${factor}x`, ...load }, signal)));
    }
    const recovery = await bench.step('half of it, right after', () =>
      stage(sut, { name: 'after 10x', perSecond: capacity / 2, seconds: RECOVERY_SECONDS }, signal),
    );
    await delay(1_000);
    const quiet = await bench.step('one customer at 10x, others at 1 a second', () =>
      noisyNeighbour(sut, capacity * 10, signal),
    );
    const after = await closedLoop(bench, sut, { ...closed, name: 'capacity again' });
    return { before, after, stages, recovery, quiet };
  });
  const checks = judge(found);
  const { before, after, stages, recovery, quiet } = found;
  const parts = [
    `capacity ${figure(before.perSecond)} orders/s, after all ${figure(after.perSecond)} (closed loop by ${generator.name})`,
    stageTable([...stages, recovery, { ...quiet, name: 'quiet customers' }]),
    checkTable(checks),
    'sent: requests that reached the gateway, one at a time on each of at most 1,000 connections; overflow: none was free.',
    `The load generator shares the ${machine().cores} processors with the system.`,
  ];
  return { parts, report: { ...found, checks }, passed: checks.every(({ ok }) => ok) };
}

interface Found {
  /** The closed loop that gives the capacity: the other rates are multiples of it. */
  before: Run;
  /** The same again at the end: a shared machine may have become faster or slower. */
  after: Run;
  stages: Stage[];
  recovery: Stage;
  quiet: Stage;
}

function judge({ before, after, stages, recovery, quiet }: Found): Check[] {
  const refused = before.errors + after.errors;
  const normalAfter = recovery.goodput.findIndex((count) => count >= recovery.perSecond * 0.95) + 1;
  const answered = (quiet.byStatus['201'] ?? 0) / quiet.due;
  return [
    {
      name: `refused at ${CAPACITY_CONNECTIONS} connections`,
      measured: String(refused),
      wanted: '0',
      ok: refused === 0,
    },
    ...judgeStages(stages, Math.max(before.perSecond, after.perSecond)),
    {
      name: 'normal after 10x',
      measured: `in second ${normalAfter}`,
      wanted: '≤ 5',
      ok: normalAfter > 0 && normalAfter <= 5,
    },
    {
      name: 'others beside a customer at 10x',
      measured: `${figure(answered * 100, 2)} % answered`,
      wanted: '≥ 99.9 %',
      ok: answered >= 0.999,
    },
  ];
}

/** Compares the last stage with the first. */
function judgeStages(stages: readonly Stage[], capacity: number): Check[] {
  const [first, last] = [stages[0]!, stages.at(-1)!];
  const share = last.accepted / Math.max(capacity, ...stages.map(({ accepted }) => accepted));
  const slower = last.p99Ms / first.p99Ms;
  const growth = last.gatewayMiB / first.gatewayMiB;
  return [
    {
      name: 'goodput at 10x',
      measured: `${figure(share * 100)} % of peak`,
      wanted: '≥ 80 %',
      ok: share >= 0.8,
    },
    {
      name: 'p99 of accepted at 10x',
      measured: `${figure(slower, 2)} x that at 1x`,
      wanted: '≤ 2 x',
      ok: slower <= 2,
    },
    {
      name: 'memory of the gateway at 10x',
      measured: `${figure(growth, 2)} x that at 1x`,
      wanted: '≤ 1.5 x',
      ok: growth <= 1.5,
    },
  ];
}

type Rate = Pick<OpenLoad, 'perSecond' | 'seconds'> & { name: string };

async function stage(sut: SystemUnderLoad, { name, ...rate }: Rate, signal: AbortSignal): Promise<Stage> {
  const tokens = await sut.tokens('customer');
  return observed(sut, { name, perSecond: rate.perSecond }, () =>
    openLoop({ api: sut.api, tokens, ...rate }, signal),
  );
}

/** @returns what the quiet customers got */
async function noisyNeighbour(sut: SystemUnderLoad, perSecond: number, signal: AbortSignal): Promise<Stage> {
  const common = { api: sut.api, seconds: QUIET_SECONDS };
  const noisy = await sut.tokens('noisy', 1);
  const quiet = await sut.tokens('quiet', QUIET_CUSTOMERS);
  return observed(sut, { name: 'quiet customers', perSecond: QUIET_CUSTOMERS }, async () => {
    const [, got] = await Promise.all([
      openLoop({ ...common, tokens: noisy, perSecond }, signal),
      openLoop({ ...common, tokens: quiet, perSecond: QUIET_CUSTOMERS }, signal),
    ]);
    return got;
  });
}

async function observed(
  sut: SystemUnderLoad,
  { name, perSecond }: { name: string; perSecond: number },
  load: () => Promise<OpenLoopResult>,
): Promise<Stage> {
  await sut.metric('gateway', 'nodejs_eventloop_lag_p99_seconds'); // each read covers the time since the last one
  const result = await load();
  const memory = sut.memory();
  return {
    ...result,
    name,
    perSecond,
    accepted: (result.byStatus['201'] ?? 0) / result.seconds,
    gatewayMiB: of(memory, 'gateway').peak,
    ordersMiB: of(memory, 'orders').peak,
    loopP99Ms: (await sut.metric('gateway', 'nodejs_eventloop_lag_p99_seconds')) * 1_000,
  };
}

function stageTable(stages: readonly Stage[]): Table {
  const statuses = [...new Set(stages.flatMap(({ byStatus }) => Object.keys(byStatus)))].sort();
  const header = [
    '',
    'due/s',
    'sent/s',
    '201/s',
    'p50 ms',
    'p99 ms',
    ...statuses,
    'gateway MiB',
    'orders MiB',
    'loop p99 ms',
    'generator CPU %',
  ];
  const rows = stages.map((each) => [
    each.name,
    ...[each.perSecond, each.sent / each.seconds, each.accepted, each.p50Ms, each.p99Ms].map((value) =>
      figure(value),
    ),
    ...statuses.map((status) => String(each.byStatus[status] ?? 0)),
    ...[each.gatewayMiB, each.ordersMiB, each.loopP99Ms].map((value) => figure(value)),
    figure((each.cpuSeconds / (each.seconds * machine().cores)) * 100),
  ]);
  return { head: header, rows, bars: '201/s' };
}
