import { jest } from '@jest/globals';
import { createNoopMeter, type Meter } from '@opentelemetry/api';
import { meter } from '@orders/instrumentation';
import fc from 'fast-check';
import { ConnectionLost, type Wire } from './wire.js';

const NAMES = ['A', 'B'] as const;
export type ProcessName = (typeof NAMES)[number];

/** Two processes of a kind, their servers, and a simulation of what goes on between them. */
export interface World {
  readonly simulation: Simulation;
  /** A process by this name comes up; the one before, if any, is gone. */
  start(name: ProcessName): void;
  process(name: ProcessName): SimulatedProcess;
  /**
   * The faults are over, everybody is up.
   *
   * @throws when the world does not come to rest, or not as it was promised
   */
  settle(): Promise<void>;
}

/** What may happen to a world, by what it is called in a report. */
export type Commands<W> = Readonly<Record<string, (world: W) => void>>;

/**
 * Every promise holds after each step, and all is at rest after the faults are over, whatever commands are given and
 * whatever arrives first. Needs {@link enterSimulation}.
 */
export function keepsItsPromises<W extends World>(
  open: (scheduler: fc.Scheduler) => W,
  commands: Commands<W>,
): fc.IAsyncProperty<[fc.Scheduler, string[]]> {
  const script = fc.array(fc.constantFrom(...Object.keys(commands)), { minLength: 4, maxLength: 16 });
  return fc.asyncProperty(fc.scheduler(), script, async (scheduler, labels) => {
    try {
      const world = open(scheduler);
      await world.simulation.play(labels.map((label) => ({ label, run: () => commands[label]!(world) })));
      for (const name of NAMES) {
        world.process(name).thaw();
        if (!world.process(name).alive) world.start(name);
      }
      await world.settle();
    } finally {
      jest.clearAllTimers();
    }
  });
}

/** What may happen to the processes of every world, and on the way to its servers. */
export function faults(servers: readonly string[]): Commands<World> {
  const ofProcesses = NAMES.flatMap((name): [string, (world: World) => void][] => [
    [`${name} crashes`, (world) => world.process(name).crash()],
    [`${name} starts again`, (world) => world.start(name)],
    [`${name} freezes`, (world) => world.process(name).freeze()],
    [`${name} thaws`, (world) => world.process(name).thaw()],
  ]);
  const ofServers = servers.flatMap((server): [string, (world: World) => void][] => [
    [`a request to the ${server} is lost`, (world) => world.simulation.loseNext(server, 'request')],
    [`an answer of the ${server} is lost`, (world) => world.simulation.loseNext(server, 'answer')],
  ]);
  const ofTime = [20, 1_000, 6_000].map((ms): [string, () => void] => [
    `${ms} ms pass`,
    () => jest.advanceTimersByTime(ms),
  ]);
  return Object.fromEntries([...ofProcesses, ...ofServers, ...ofTime]);
}

/** Makes the clock one that only a simulation moves, and measures nothing; to be undone by {@link leaveSimulation}. */
export function enterSimulation(): void {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  // The SDK keeps every gauge for ever, and looks through all of them for each new one.
  const gauge = createNoopMeter().createObservableGauge('none');
  jest.spyOn(Object.getPrototypeOf(meter('none')) as Meter, 'createObservableGauge').mockReturnValue(gauge);
}

export function leaveSimulation(): void {
  jest.useRealTimers();
  jest.restoreAllMocks();
}

/** Resolves when nothing can run before another task of the scheduler or a timer does. */
const quiet = () => new Promise<void>((resolve) => setImmediate(resolve));

/** One life of a process, from its start to its crash. */
export class SimulatedProcess {
  /** Aborted to stop it in an orderly way. */
  readonly stop = new AbortController();
  private readonly atCrash: (() => void)[] = [];
  private frozen: PromiseWithResolvers<void> | undefined;
  private dead = false;

  constructor(readonly name: string) {}

  get alive(): boolean {
    return !this.dead;
  }

  /** Its code goes no further, wherever it is; what it has sent still arrives. */
  crash(): void {
    this.dead = true;
    for (const notice of this.atCrash.splice(0)) notice();
  }

  /** What the rest of the world notices when it crashes. */
  onCrash(notice: () => void): void {
    this.atCrash.push(notice);
  }

  /** As SIGSTOP: it neither sends nor hears until it thaws. */
  freeze(): void {
    this.frozen ??= Promise.withResolvers();
  }

  thaw(): void {
    this.frozen?.resolve();
    this.frozen = undefined;
  }

  /** Resolves when its code may go on: at once, when it thaws, or never when it has crashed. */
  async turn(): Promise<void> {
    while (this.frozen) await this.frozen.promise;
    if (this.dead) await new Promise<never>(() => undefined);
  }
}

/**
 * Runs processes side by side in simulated time: of all that is on its way between them and the servers, the
 * scheduler chooses what arrives next. Time passes when nothing else can happen, and when a command says so.
 */
export class Simulation {
  private readonly losses: { server: string; part: 'request' | 'answer' }[] = [];

  /** @param check throws when a promise is broken; called after everything that happens */
  constructor(
    private readonly scheduler: fc.Scheduler,
    private readonly check: () => void,
  ) {}

  /** The way from a process to a server and back. */
  wire(process: SimulatedProcess, server: string): Wire {
    return async (what, effect) => {
      await process.turn();
      await this.arrival(`${process.name} to ${server}: ${what}`);
      const outcome = this.isLost(server, 'request') ? lost() : await settled(effect);
      await this.arrival(`${server} to ${process.name}: ${what}`);
      await process.turn();
      const { value } = this.isLost(server, 'answer') ? lost() : outcome;
      return value();
    };
  }

  /** The next request to a server, or the next answer of it, does not arrive. */
  loseNext(server: string, part: 'request' | 'answer'): void {
    this.losses.push({ server, part });
  }

  /** Runs commands one after the other, each at an instant of the scheduler's choice. */
  async play(commands: readonly { label: string; run: () => void }[]): Promise<void> {
    const sequence = this.scheduler.scheduleSequence(
      commands.map(({ label, run }) => ({ label, builder: async () => run() })),
    );
    while (!sequence.done) await this.step();
  }

  /**
   * Nothing is lost from now on: runs until all is at rest.
   *
   * @throws when that takes more than `maxSteps`
   */
  async settle(isAtRest: () => boolean, maxSteps: number): Promise<void> {
    this.losses.length = 0;
    for (let step = 0; !isAtRest(); step += 1) {
      if (step === maxSteps) throw new Error(`not at rest after ${maxSteps} steps`);
      await this.step();
    }
  }

  private async step(): Promise<void> {
    // waitNext would wait for quiet in its own way, which takes twice as long.
    if (this.scheduler.count() > 0) await this.scheduler.waitOne();
    else jest.advanceTimersToNextTimer();
    await quiet();
    this.check();
  }

  private arrival(label: string): Promise<void> {
    return this.scheduler.schedule(Promise.resolve(), label);
  }

  private isLost(server: string, part: 'request' | 'answer'): boolean {
    const index = this.losses.findIndex((loss) => loss.server === server && loss.part === part);
    if (index >= 0) this.losses.splice(index, 1);
    return index >= 0;
  }
}

interface Outcome<T> {
  value(): T;
}

function lost(): Outcome<never> {
  return {
    value: () => {
      throw new ConnectionLost('Connection terminated unexpectedly');
    },
  };
}

async function settled<T>(effect: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    const value = await effect();
    return { value: () => value };
  } catch (error) {
    return {
      value: () => {
        throw error;
      },
    };
  }
}
