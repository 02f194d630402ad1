import { describe, expect, it } from '@jest/globals';
import type { Manifest } from '../manifests.ts';
import { releasedOf, upgradeProblems } from './upgrade.ts';

const SERVICE = {
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'orders' } },
  spec: { clusterIP: 'None', selector: { app: 'orders' }, ports: [{ name: 'grpc', port: 50_051 }] },
} as Manifest;
const before = releasedOf([SERVICE]);

describe('an upgrade', () => {
  it('that changes nothing which is fixed has no problem', () => {
    const labelled = { ...SERVICE, metadata: { name: 'orders', labels: { a: 'b' } } };
    expect(upgradeProblems(before, [labelled])).toEqual([]);
  });

  it('that changes a selector is named, with both values', () => {
    const changed = structuredClone(SERVICE) as Manifest & { spec: { selector: object } };
    changed.spec.selector = { app: 'other' };
    expect(upgradeProblems(before, [changed])).toEqual([
      'Service/orders: spec.selector was {"app":"orders"} and is {"app":"other"}',
    ]);
  });

  it('that renames something is named', () => {
    const renamed = { ...SERVICE, metadata: { name: 'orders-v2' } };
    expect(upgradeProblems(before, [renamed])).toEqual(['Service/orders: is gone']);
  });
});
