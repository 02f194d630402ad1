import { describe, expect, it } from '@jest/globals';
import { ROOT } from '@orders/dev/stack/paths';
import { FAULTS, faultNamed } from '../faults/catalogue.ts';
import { CRASH_PATCHES, CRASH_POINTS } from '../prove-build/crash-points.ts';
import { applyPatch, type Patch } from '../prove-build/patch.ts';
import { readSource } from '../prove-build/sources.ts';
import { MUTANTS } from './mutants.ts';

/** Patches the sources as the prove build does, but in memory. */
function patchAll(patches: readonly Patch[]): Map<string, string> {
  const sources = new Map<string, string>();
  for (const patch of [...CRASH_PATCHES, ...patches]) {
    const source = sources.get(patch.file) ?? readSource(ROOT, patch.file);
    sources.set(patch.file, applyPatch(source, patch));
  }
  return sources;
}

describe('the prove build', () => {
  it('has every crash point in the current sources', () => {
    const text = [...patchAll([]).values()].join();
    for (const { place } of CRASH_POINTS) expect(text).toContain(`globalThis.crashAt?.("${place}")`);
  });

  it('has unique names', () => {
    for (const named of [MUTANTS, CRASH_POINTS])
      expect(new Set(named.map(({ name }) => name)).size).toBe(named.length);
  });
});

describe.each(MUTANTS)('the mutant $name', ({ patches, exposedBy }) => {
  it('applies to the current sources, crash points included', () => {
    expect(() => patchAll(patches)).not.toThrow();
  });

  it('is exposed by faults that exist, each at a target that exists', () => {
    const known = FAULTS.flatMap(({ targets }) => targets);
    expect(known).toEqual(expect.arrayContaining([...exposedBy.targets]));
    for (const fault of exposedBy.faults)
      expect(faultNamed(fault).targets.some((target) => exposedBy.targets.includes(target))).toBe(true);
  });
});
