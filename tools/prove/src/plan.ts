import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { FAULTS, faultNamed } from './faults/catalogue.ts';
import type { Fault } from './faults/fault.ts';
import type { Random } from './random.ts';

export interface PlannedFault {
  fault: string;
  target: string;
  /** After the load began, in ms. */
  offsetMs: number;
  durationMs: number;
}

export interface TrialPlan {
  number: number;
  faults: PlannedFault[];
}

/** Which faults; all of them by default. */
export interface Choice {
  /** The faults that are possible here; all by default. */
  among?: readonly Fault[] | undefined;
  only?: readonly string[] | undefined;
  targets?: readonly string[] | undefined;
}

/** In each trial of this many, two or three faults overlap. */
const OVERLAP_EVERY = 4;

/**
 * The plan of a run, a function of its seed alone: the kinds of fault are dealt like cards, so that each comes up as
 * often as the others; their targets are dealt the same way.
 *
 * @throws Problem when no fault that is possible here has one of the targets
 */
export function* planTrials(seed: Random, choice: Choice = {}): Generator<TrialPlan, never> {
  const kinds = chosen(choice);
  const dealt = dealer(kinds, seed.fork('kinds'));
  const nextTarget = new Map(kinds.map((kind) => [kind, dealer(kind.targets, seed.fork(kind.name))]));
  let held: Fault | undefined;
  for (let number = 1; ; number += 1) {
    const random = seed.fork(number);
    const count = kinds.length > 1 && number % OVERLAP_EVERY === 0 ? random.int(2, 3) : 1;
    const faults: PlannedFault[] = [];
    const taken = new Set<string>();
    while (faults.length < count) {
      const kind = held ?? dealt();
      const target = nextTarget.get(kind)!();
      const components = [kind.component(target)].flat();
      held = components.some((component) => taken.has(component)) ? kind : undefined;
      if (held) break; // its component is taken: it comes first in the next trial
      for (const component of components) taken.add(component);
      faults.push(planned(kind, target, random));
    }
    yield { number, faults };
  }
}

function chosen({ among = FAULTS, only, targets }: Choice): readonly Fault[] {
  const kinds = only ? only.map(faultNamed) : among;
  if (targets === undefined) return kinds;
  const left = kinds
    .map((kind) => ({ ...kind, targets: kind.targets.filter((target) => targets.includes(target)) }))
    .filter((kind) => kind.targets.length > 0);
  if (left.length > 0) return left;
  throw new Problem(`--target "${targets.join('", "')}" is not possible here; see --on.`);
}

function planned(kind: Fault, target: string, random: Random): PlannedFault {
  const [shortest, longest] = kind.durationMs;
  // Short ones come more often than long ones: most of the time a long one only waits.
  const durationMs = Math.round(shortest + (longest - shortest) * random.next() ** 2);
  return { fault: kind.name, target, offsetMs: random.int(0, 400), durationMs };
}

function dealer<T>(cards: readonly T[], random: Random): () => T {
  let deck: T[] = [];
  return () => {
    if (deck.length === 0) deck = random.shuffle(cards);
    return deck.pop() as T;
  };
}

/** "1 trial", "30 trials". */
export function trialsInWords(count: number): string {
  return count === 1 ? '1 trial' : `${count} trials`;
}

/** One trial in words: "kill -9 · orders (+120 ms, 900 ms)". */
export function describePlan({ faults }: TrialPlan): string {
  return faults
    .map(
      ({ fault, target, offsetMs, durationMs }) => `${fault} · ${target} (+${offsetMs} ms, ${durationMs} ms)`,
    )
    .join(' & ');
}
