import { describe, expect, it } from '@jest/globals';
import type { ObservedApp } from '../system/observed-apps.js';
import { systemMap } from '../system/system-map.js';
import { placesOf } from './map-layout.js';

const NOTHING = { front: false, database: false, serves: [], calls: [], publishes: [], consumes: [] };
const APPS: ObservedApp[] = [
  { ...NOTHING, name: 'edge', front: true, calls: ['shop.v1.Shop'] },
  { ...NOTHING, name: 'shop', serves: ['shop.v1.Shop'], publishes: ['orders.created'], database: true },
  { ...NOTHING, name: 'points', consumes: ['orders.created'], database: true },
  { ...NOTHING, name: 'parcels', consumes: ['orders.created'] },
];

describe('the map', () => {
  it('goes from left to right as calls and events do, and puts databases below their apps', () => {
    const places = placesOf(systemMap(APPS));
    const x = (id: string) => places.get(id)!.x;
    const columns = ['clients', 'edge', 'shop', 'stream:ORDERS', 'points'].map(x);
    expect(columns).toEqual(columns.toSorted((a, b) => a - b));
    expect(x('database:shop')).toBe(x('shop'));
  });

  it('puts no two nodes in one place', () => {
    const places = [...placesOf(systemMap(APPS)).values()].map(({ x, y }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it('ends for apps that call each other', () => {
    const circle = [
      { ...NOTHING, name: 'a', serves: ['a.v1.A'], calls: ['b.v1.B'] },
      { ...NOTHING, name: 'b', serves: ['b.v1.B'], calls: ['a.v1.A'] },
    ];
    expect(placesOf(systemMap(circle)).size).toBe(3);
  });
});
