/** A change to one source of the apps or libs that only the prove build makes. */
export interface Patch {
  /** From the root of the workspace. */
  readonly file: string;
  /** Text that the file has exactly once. */
  readonly from: string;
  readonly to: string;
}

/** @throws Error unless the source has the text exactly once: it has changed since the patch was written */
export function applyPatch(source: string, { file, from, to }: Patch): string {
  const found = source.split(from).length - 1;
  if (found !== 1) throw new Error(`${file} has this text ${found} times instead of once:\n${from}`);
  return source.replace(from, () => to);
}
