import { describe, expect, it, jest } from '@jest/globals';
import { DomainError } from '@orders/contracts';
import { MemoryBus } from '@orders/messaging';
import { v7 as uuidV7 } from 'uuid';
import { inTime, ITEMS, ORIGIN } from '../testing/fixtures.js';
import { MemoryOrdersRepository } from './memory-orders.repository.js';
import { type CreateCommand, OrdersService } from './orders.service.js';

const command = (overrides: Partial<CreateCommand> = {}): CreateCommand => ({
  customerId: 'alice',
  items: ITEMS,
  idempotencyKey: uuidV7(),
  origin: ORIGIN,
  ...overrides,
});

function setUp() {
  const bus = new MemoryBus();
  const repository = new MemoryOrdersRepository(bus);
  return { bus, repository, service: new OrdersService(repository) };
}

const problem = (code: string) => expect.objectContaining({ code });

describe('OrdersService', () => {
  it('replays the same order for the same key', async () => {
    const { service, bus } = setUp();
    const first = await service.create(command({ idempotencyKey: 'k' }), inTime());
    const again = await service.create(command({ idempotencyKey: 'k' }), inTime());
    expect(first.replayed).toBe(false);
    expect(again).toEqual({ order: first.order, replayed: true });
    expect(bus.messages).toHaveLength(1);
  });

  it('refuses another order for the same key, by value and not by form', async () => {
    const { service } = setUp();
    const items = [{ sku: 'a', quantity: 1, priceCents: 2 }];
    await service.create(command({ idempotencyKey: 'k', items }), inTime());
    const sameInAnotherForm = [{ priceCents: 2, quantity: 1, sku: 'a' }];
    expect(
      (await service.create(command({ idempotencyKey: 'k', items: sameInAnotherForm }), inTime())).replayed,
    ).toBe(true);
    for (const other of [{ sku: 'b' }, { quantity: 2 }, { priceCents: 3 }]) {
      const changed = command({ idempotencyKey: 'k', items: [{ ...items[0]!, ...other }] });
      await expect(service.create(changed, inTime())).rejects.toEqual(problem('idempotency-key-reused'));
    }
  });

  it.each(['', 'a b', 'ä', 'x'.repeat(256), 'a\n'])('refuses the key %j', async (idempotencyKey) => {
    await expect(setUp().service.create(command({ idempotencyKey }), inTime())).rejects.toEqual(
      problem('validation-failed'),
    );
  });

  it('answers each of a batch on its own, in its order', async () => {
    const { service } = setUp();
    await service.create(command({ idempotencyKey: 'used' }), inTime());
    const results = await service.createMany(
      [
        command(),
        command({ items: [] }),
        command({ idempotencyKey: 'used' }),
        command({ idempotencyKey: 'used', customerId: 'bob' }),
        command({ idempotencyKey: 'used', items: [ITEMS[0]!] }),
      ],
      inTime(),
    );
    expect(results).toMatchObject([
      { status: 'fulfilled', value: { replayed: false } },
      { status: 'rejected', reason: problem('validation-failed') },
      { status: 'fulfilled', value: { replayed: true } },
      { status: 'fulfilled', value: { replayed: false, order: { customerId: 'bob' } } },
      { status: 'rejected', reason: problem('idempotency-key-reused') },
    ]);
  });

  it('stores the others of a batch that fails as a whole', async () => {
    const { service, repository } = setUp();
    const create = repository.create.bind(repository);
    jest.spyOn(repository, 'create').mockImplementation(async (orders, deadline) => {
      if (orders.some(({ idempotencyKey }) => idempotencyKey === 'poison')) throw new Error('a bug');
      return create(orders, deadline);
    });
    const results = await service.createMany(
      [command(), command({ idempotencyKey: 'poison' }), command()],
      inTime(),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('asks an absent database once for a whole batch', async () => {
    const { service, repository } = setUp();
    const create = jest.spyOn(repository, 'create').mockRejectedValue(new DomainError('unavailable', 'x'));
    const results = await service.createMany([command(), command()], inTime());
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(create).toHaveBeenCalledTimes(1);
  });

  it('pages through a list without a gap or a repeat', async () => {
    const { service } = setUp();
    for (let n = 0; n < 5; n += 1) await service.create(command(), inTime());
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = await service.list('alice', 2, before);
      seen.push(...page.orders.map(({ id }) => id));
      before = page.next;
    } while (before !== undefined);
    expect(seen).toHaveLength(5);
    expect(seen).toEqual([...new Set(seen)].sort().reverse());
  });

  it('gives 20 to a page when nothing is said, and 100 at most', async () => {
    const { service } = setUp();
    await service.createMany(
      Array.from({ length: 101 }, () => command()),
      inTime(),
    );
    expect((await service.list('alice', 0, undefined)).orders).toHaveLength(20);
    const widest = await service.list('alice', 5_000, undefined);
    expect(widest.orders).toHaveLength(100);
    expect(widest.next).toBe(widest.orders.at(-1)?.id);
    expect((await service.list('alice', 1, widest.next)).next).toBeUndefined();
  });

  it('cancels once and tells of it once', async () => {
    const { service, bus } = setUp();
    const { order } = await service.create(command(), inTime());
    const cancel = { id: order.id, customerId: 'alice', expectedVersion: 1, origin: ORIGIN };
    const canceled = await service.cancel(cancel, inTime());
    expect(canceled).toMatchObject({ status: 'CANCELED', version: 2 });
    expect(await service.cancel(cancel, inTime())).toEqual(canceled);
    expect(bus.messages.map(({ subject }) => subject)).toEqual(['orders.created', 'orders.canceled']);
    expect(JSON.parse(bus.messages[1]!.body)).toMatchObject({ id: order.id, status: 'CANCELED', version: 2 });
  });

  it("knows no order of somebody else's", async () => {
    const { service } = setUp();
    const { order } = await service.create(command(), inTime());
    const cancel = { id: order.id, customerId: 'bob', expectedVersion: undefined, origin: ORIGIN };
    await expect(service.get(order.id, 'bob')).rejects.toEqual(problem('order-not-found'));
    await expect(service.cancel(cancel, inTime())).rejects.toEqual(problem('order-not-found'));
    expect((await service.list('bob', 10, undefined)).orders).toEqual([]);
    expect((await service.get(order.id, undefined)).status).toBe('CREATED');
  });
});
