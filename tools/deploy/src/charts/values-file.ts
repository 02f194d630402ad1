import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { isFront, usesNats } from '@orders/dev/stack/wiring';

/** Shared values that not every app has, and which do. */
const ONLY_FOR: Readonly<Record<string, (app: AppDeclaration) => boolean>> = {
  keda: ({ consumes }) => consumes.length > 0,
  existingSecret: hasSecret,
  externalSecret: hasSecret,
  nats: usesNats,
  provisioner: usesNats,
  migration: ({ database }) => database,
  httpRoute: isFront,
  ingress: isFront,
  test: isFront,
  grpcRoute: ({ serves }) => serves.length > 0,
};

function hasSecret(app: AppDeclaration): boolean {
  return app.database || usesNats(app);
}

/** A value of a values file with the comment above it, as they stand there. */
export interface ValueBlock {
  key: string;
  text: string;
}

/** The top-level values of a values file, in order. Comments that stand alone are left out. */
export function blocksOf(values: string): ValueBlock[] {
  const blocks: ValueBlock[] = [];
  let comment: string[] = [];
  for (const line of values.split('\n')) {
    const key = /^([a-zA-Z]+):/.exec(line)?.[1];
    const last = blocks.at(-1);
    if (key !== undefined) {
      blocks.push({ key, text: [...comment, line].join('\n') });
      comment = [];
    } else if (line.startsWith('#')) comment.push(line);
    else if (line === '') comment = [];
    else if (last) last.text += `\n${line}`;
  }
  return blocks;
}

/** The shared values that an app has, with its name in the place of NAME. */
export function sharedBlocks(shared: string, app: AppDeclaration): ValueBlock[] {
  const wanted = blocksOf(shared).filter(({ key }) => ONLY_FOR[key]?.(app) ?? true);
  return wanted.map(({ key, text }) => ({ key, text: text.replaceAll('NAME', app.name) }));
}

/** Blocks as text, with a line between those that have comments or several lines. */
export function joined(blocks: readonly ValueBlock[]): string {
  const isShort = ({ text }: ValueBlock) => !text.includes('\n');
  return blocks
    .map((block, index) => {
      const before = blocks[index - 1];
      return before && !(isShort(before) && isShort(block)) ? `\n${block.text}` : block.text;
    })
    .join('\n');
}
