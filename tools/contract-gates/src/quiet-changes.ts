import { isDeepStrictEqual } from 'node:util';
import type { ApiChange } from './breakage.ts';

/**
 * What Redocly's diff 2.77 lets pass: another default, which changes what a request without the field means, and an operation
 * that asks for less to be called. Both documents have their references resolved.
 */
export function quietChanges(current: unknown, released: unknown): ApiChange[] {
  const changes: ApiChange[] = [];
  const compare = (now: unknown, before: unknown, pointer: string): void => {
    if (!isObject(now) || !isObject(before)) return;
    for (const [key, what] of Object.entries(WATCHED)) {
      if (!(key in before) || isDeepStrictEqual(now[key], before[key])) continue;
      changes.push({
        pointer: `${pointer}/${key}`,
        what: `${what}: ${show(before[key])} → ${show(now[key])}`,
      });
    }
    for (const key of Object.keys(before)) compare(now[key], before[key], `${pointer}/${escaped(key)}`);
  };
  compare(current, released, '#');
  return changes;
}

const WATCHED = { default: 'the default changed', security: 'what it takes to call it changed' };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

/** As a part of a JSON pointer (RFC 6901). */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
