import type { MapEdge, SystemMap } from '../system/system-map.js';

/** The middle of a node. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

const COLUMN = 216;
const ROW = 156;
const MARGIN = { x: 76, y: 40 };
const BELOW = 88;

/** Nodes from left to right, as calls and events go; a database is below its app. */
export function placesOf({ nodes, edges }: SystemMap): ReadonlyMap<string, Place> {
  const flows = edges.filter(({ kind }) => kind !== 'database');
  const rows = new Map<number, number>();
  const places = new Map<string, Place>();
  for (const { id, kind } of nodes) {
    if (kind === 'database') continue;
    const column = columnOf(id, flows, []);
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    places.set(id, { x: MARGIN.x + column * COLUMN, y: MARGIN.y + row * ROW });
  }
  for (const { from, to, kind } of edges) {
    const owner = places.get(from);
    if (kind === 'database' && owner) places.set(to, { x: owner.x, y: owner.y + BELOW });
  }
  return places;
}

/** What the map needs, with its margins. */
export function sizeOf(places: ReadonlyMap<string, Place>): { width: number; height: number } {
  const all = [...places.values()];
  return {
    width: Math.max(...all.map(({ x }) => x)) + MARGIN.x,
    height: Math.max(...all.map(({ y }) => y)) + MARGIN.y,
  };
}

/** One more than the farthest that leads to it; `seen` ends a circle. */
function columnOf(id: string, flows: readonly MapEdge[], seen: readonly string[]): number {
  const before = flows.filter(({ from, to }) => to === id && !seen.includes(from));
  return before.reduce((most, { from }) => Math.max(most, columnOf(from, flows, [...seen, id]) + 1), 0);
}
