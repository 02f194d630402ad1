import { describe, expect, it } from '@jest/globals';
import type { Census } from './census.ts';
import type { Operation } from './ledger.ts';
import { reconcile } from './reconcile.ts';
import { agreeingCensus } from './testing/agreeing-census.ts';

const operation = (over: Partial<Operation> = {}): Operation => ({
  key: 'k1',
  customer: 'alice',
  hash: 'h1',
  valid: true,
  acks: [{ id: 'o1', body: 'b1' }],
  canceled: false,
  unknown: false,
  recovered: false,
  ...over,
});

const ledger = (...operations: Operation[]) => new Map(operations.map((each) => [each.key, each]));

const none = { orders: 0, events: 0, effects: 0 };

const findings = (change: (census: Census) => void, operations = ledger(operation())) => {
  const census = agreeingCensus();
  change(census);
  return reconcile(operations, census);
};

describe('reconciliation', () => {
  it('finds nothing where all places agree', () => {
    expect(findings(() => undefined)).toEqual({
      findings: [],
      lost: none,
      duplicated: { orders: 0, effects: 0 },
      phantom: none,
      streamDuplicates: 0,
    });
  });

  it('takes an order without an acknowledgement for unknown, not for phantom', () => {
    expect(findings(() => undefined, ledger(operation({ acks: [], unknown: true }))).findings).toEqual([]);
  });

  it('counts what the stream has twice, which is allowed', () => {
    expect(findings(({ stream }) => stream.events.set('e1', 3))).toMatchObject({
      findings: [],
      streamDuplicates: 2,
    });
  });

  it.each<[string, RegExp, (census: Census) => void, Operation[]?]>([
    ['a lost order', /^I1 acknowledged order o1/, (c) => c.orders.pop()],
    ['another payload', /^I1 order o1 is stored with another/, (c) => (c.orders[0]!.hash = 'other')],
    ['a lost cancellation', /^I1 the cancellation of o1/, () => undefined, [operation({ canceled: true })]],
    ['a double order', /^I2 there are two orders/, (c) => c.orders.push({ ...c.orders[0]!, id: 'o2' })],
    [
      'two acknowledged orders',
      /^I2 the key k1 was acknowledged with two/,
      () => undefined,
      [
        operation({
          acks: [
            { id: 'o1', body: 'b1' },
            { id: 'o2', body: 'b1' },
          ],
        }),
      ],
    ],
    [
      'two different answers',
      /^I2 the key k1 got two different answers/,
      () => undefined,
      [
        operation({
          acks: [
            { id: 'o1', body: 'b1' },
            { id: 'o1', body: 'b2' },
          ],
        }),
      ],
    ],
    ['an order that no client sent', /^I3 nobody asked/, () => undefined, []],
    ['an invalid order', /^I3 .* although it is invalid/, () => undefined, [operation({ valid: false })]],
    ['no event', /^I4 order o1 has no event/, (c) => c.log.pop()],
    ['an event of no order', /^I4 event e2/, (c) => c.log.push({ ...c.log[0]!, id: 'e2', order: 'o2' })],
    ['an event that was not published', /^I5 event e1 of the log/, (c) => c.stream.events.clear()],
    ['an event that is in no log', /^I5 event e9 of the stream/, (c) => c.stream.events.set('e9', 1)],
  ])('finds %s', (_name, expected, change, ...rest) => {
    const [operations] = rest; // a fourth parameter would be taken for Jest's callback
    const found = findings(change, ledger(...(operations ?? [operation()]))).findings;
    expect(found.some((finding) => expected.test(finding))).toBe(true);
  });

  it('adds up the lost, duplicated and phantom effects of all consumers', () => {
    const { lost, duplicated, phantom } = findings(({ consumers: [fulfillment, loyalty, audit] }) => {
      fulfillment!.effects!.push({ id: 'o9', events: 1 });
      loyalty!.effects![0]!.events = 2;
      audit!.inbox.clear();
    });
    expect({ lost: lost.effects, duplicated: duplicated.effects, phantom: phantom.effects }).toEqual({
      lost: 1,
      duplicated: 1,
      phantom: 1,
    });
  });

  it('shows five of a kind and says how many more there are', () => {
    const { findings: found, lost } = findings(
      (census) => census.orders.pop(),
      ledger(
        ...Array.from({ length: 8 }, (_, n) =>
          operation({ key: `k${n}`, acks: [{ id: `x${n}`, body: '' }] }),
        ),
      ),
    );
    expect(found.filter((finding) => finding.startsWith('I1'))).toHaveLength(6);
    expect(found).toContain('I1 … and 3 more like these');
    expect(lost).toEqual({ orders: 8, events: 0, effects: 0 });
  });
});
