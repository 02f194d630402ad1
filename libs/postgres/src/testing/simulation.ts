import { jest } from '@jest/globals';
import { METERS } from '@orders/instrumentation/testing';
import fc from 'fast-check';
import { ConnectionLost, type Wire } from './wire.js';

const NAMES = ['A', 'B'] as const;
export type ProcessName = (typeof NAMES)[number];

/** A simulated system: two processes of a kind, and their servers. */
export interface World {
  readonly simulation: Simulation;
  /** Starts a process of this name; one that still runs crashes first. */
  start(name: ProcessName): void;
  process(name: ProcessName): SimulatedProcess;
  /**
   * Runs until nothing is left to do. Called when the faults are over and all processes run.
   *
   * @throws when the system does not come to rest, or a promise is broken then
   */
  settle(): Promise<void>;
}

/** The faults and actions that a simulation chooses from, by their labels in a report. */
export type Commands<W> = Readonly<Record<string, (world: W) => void>>;

/**
 * The property that all promises hold after each step and that the system comes to rest once the faults are over, for any
 * commands and any order of arrival. Call {@link enterSimulation} before.
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

/** Commands for any system: faults of its processes, of their connections to `servers`, and the passing of time. */
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

/** Replaces the clock by one that only a simulation moves, and turns gauges off. {@link leaveSimulation} undoes it. */
export function enterSimulation(): void {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  // The SDK keeps every callback for ever and searches all of them for each new one, which gets slow.
  jest.spyOn(METERS, 'addBatchObservableCallback').mockReturnValue();
}

/** Restores the real clock and the gauges. */
export function leaveSimulation(): void {
  jest.useRealTimers();
  jest.restoreAllMocks();
}

/** Resolves when all code that can run has run, so that only the scheduler or a timer can go on. */
const allWait = () => new Promise<void>((resolve) => setImmediate(resolve));

/** One life of a process, from its start to its crash. */
export class SimulatedProcess {
  /** Abort it to stop the process gracefully. */
  readonly stop = new AbortController();
  private readonly crashListeners: (() => void)[] = [];
  private frozen: PromiseWithResolvers<void> | undefined;
  private dead = false;

  constructor(readonly name: string) {}

  get alive(): boolean {
    return !this.dead;
  }

  /** Stops its code at once, like SIGKILL. Requests that it has sent still arrive. */
  crash(): void {
    this.dead = true;
    for (const listener of this.crashListeners.splice(0)) listener();
  }

  /** Calls `listener` at a crash, for what the other parts of the system notice of it. */
  onCrash(listener: () => void): void {
    this.crashListeners.push(listener);
  }

  /** Like SIGSTOP: it neither sends nor receives until {@link thaw}. */
  freeze(): void {
    this.frozen ??= Promise.withResolvers();
  }

  thaw(): void {
    this.frozen?.resolve();
    this.frozen = undefined;
  }

  /** Resolves when its code may go on: at once, or when it thaws. Never resolves after a crash. */
  async mayRun(): Promise<void> {
    while (this.frozen) await this.frozen.promise;
    if (this.dead) await new Promise<never>(() => undefined);
  }
}

/**
 * Runs processes concurrently in simulated time. The scheduler chooses which of the requests and answers in flight
 * arrives next. Time passes only when nothing is in flight, or by a command.
 */
export class Simulation {
  private readonly losses: { server: string; part: 'request' | 'answer' }[] = [];

  /** @param check called after each step; throws when a promise is broken */
  constructor(
    private readonly scheduler: fc.Scheduler,
    private readonly check: () => void,
  ) {}

  /** The connection of a process to a server. */
  wire(process: SimulatedProcess, server: string): Wire {
    return async (what, effect) => {
      await process.mayRun();
      await this.arrival(`${process.name} to ${server}: ${what}`);
      const outcome = this.isLost(server, 'request') ? lost() : await settled(effect);
      await this.arrival(`${server} to ${process.name}: ${what}`);
      await process.mayRun();
      const { value } = this.isLost(server, 'answer') ? lost() : outcome;
      return value();
    };
  }

  /** Loses the next request to a server, or its next answer. */
  loseNext(server: string, part: 'request' | 'answer'): void {
    this.losses.push({ server, part });
  }

  /** Runs commands one after the other, each when the scheduler chooses it. */
  async play(commands: readonly { label: string; run: () => void }[]): Promise<void> {
    const sequence = this.scheduler.scheduleSequence(
      commands.map(({ label, run }) => ({ label, builder: async () => run() })),
    );
    while (!sequence.done) await this.step();
  }

  /**
   * Runs until `isAtRest` holds. No request or answer is lost from now on.
   *
   * @throws when it does not hold after `maxSteps` steps
   */
  async settle(isAtRest: () => boolean, maxSteps: number): Promise<void> {
    this.losses.length = 0;
    for (let step = 0; !isAtRest(); step += 1) {
      if (step === maxSteps) throw new Error(`not at rest after ${maxSteps} steps`);
      await this.step();
    }
  }

  private async step(): Promise<void> {
    // waitNext would also wait for pending code, in a way that takes twice as long.
    if (this.scheduler.count() > 0) await this.scheduler.waitOne();
    else jest.advanceTimersToNextTimer();
    await allWait();
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
