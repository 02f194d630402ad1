import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { DomainError } from '@orders/contracts';
import { currentCaller } from '@orders/instrumentation';
import { MemoryBus } from '@orders/messaging';
import { Deadline } from '@orders/resilience';
import { inTime, ITEMS, listIn, ORIGIN, someReader } from '../testing/fixtures.js';
import { MemoryOrdersRepository } from './memory-orders.repository.js';
import { type CreateCommand, OrdersService } from './orders.service.js';

const command = (overrides: Partial<CreateCommand> = {}): CreateCommand => ({
  customerId: 'alice',
  items: ITEMS,
  idempotencyKey: randomUUID(),
  origin: ORIGIN,
  caller: currentCaller(),
  ...overrides,
});

function setUp() {
  const bus = new MemoryBus();
  const repository = new MemoryOrdersRepository(bus);
  return { bus, repository, service: new OrdersService(repository) };
}

const problem = (code: string) => expect.objectContaining({ code });

describe('OrdersService', () => {
  afterEach(() => void jest.useRealTimers());

  it('replays the same order for the same key', async () => {
    const { service, bus } = setUp();
    const first = await service.create(command({ idempotencyKey: 'k' }), inTime());
    const again = await service.create(command({ idempotencyKey: 'k' }), inTime());
    expect(first.replayed).toBe(false);
    expect(again).toEqual({ order: first.order, replayed: true });
    expect(bus.messages).toHaveLength(1);
  });

  it('refuses another order for the same key, comparing values and not their form', async () => {
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

  const all = (service: OrdersService, commands: readonly CreateCommand[]) =>
    Promise.allSettled(commands.map((each) => service.create(each, inTime())));

  it('stores concurrent orders in one batch and returns to each caller its own', async () => {
    const { service, repository } = setUp();
    await service.create(command({ idempotencyKey: 'used' }), inTime());
    const create = jest.spyOn(repository, 'create');
    const results = await all(service, [
      command(),
      command({ items: [] }),
      command({ idempotencyKey: 'used' }),
      command({ idempotencyKey: 'used', customerId: 'bob' }),
      command({ idempotencyKey: 'used', items: [ITEMS[0]!] }),
    ]);
    expect(results).toMatchObject([
      { status: 'fulfilled', value: { replayed: false } },
      { status: 'rejected', reason: problem('validation-failed') },
      { status: 'fulfilled', value: { replayed: true } },
      { status: 'fulfilled', value: { replayed: false, order: { customerId: 'bob' } } },
      { status: 'rejected', reason: problem('idempotency-key-reused') },
    ]);
    expect(create).toHaveBeenCalledTimes(1);
  });

  it('creates one order for three concurrent requests with one key, and refuses another order for it', async () => {
    const { service, bus } = setUp();
    const results = await all(service, [
      command({ idempotencyKey: 'k' }),
      command({ idempotencyKey: 'k' }),
      command({ idempotencyKey: 'k', items: [ITEMS[0]!] }),
    ]);
    expect(results).toMatchObject([
      { status: 'fulfilled', value: { replayed: false } },
      { status: 'fulfilled', value: { replayed: true } },
      { status: 'rejected', reason: problem('idempotency-key-reused') },
    ]);
    expect(bus.messages).toHaveLength(1);
  });

  it('stores the other orders of a batch that fails as a whole', async () => {
    const { service, repository } = setUp();
    const create = repository.create.bind(repository);
    jest.spyOn(repository, 'create').mockImplementation(async (orders, deadline) => {
      if (orders.some(({ idempotencyKey }) => idempotencyKey === 'poison')) throw new Error('a bug');
      return create(orders, deadline);
    });
    const results = await all(service, [command(), command({ idempotencyKey: 'poison' }), command()]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('stores the other orders of a batch that ended with the deadline of one', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const { service, repository } = setUp();
    const create = repository.create.bind(repository);
    const within: number[] = [];
    jest.spyOn(repository, 'create').mockImplementation(async (orders, deadline) => {
      within.push(deadline.remainingMs);
      // As slow as waiting for a lock that another transaction holds.
      if (orders.length > 1) jest.advanceTimersByTime(50);
      return create(orders, deadline);
    });
    const hurried = service.create(command(), Deadline.withoutTimer(new AbortController().signal, 50));
    const patient = service.create(command(), inTime());
    await expect(hurried).rejects.toEqual(problem('deadline-exceeded'));
    expect(await patient).toMatchObject({ replayed: false });
    expect(within).toEqual([50, 60_000 - 50]);
  });

  it('tries a batch once while the database is unavailable', async () => {
    const { service, repository } = setUp();
    const create = jest.spyOn(repository, 'create').mockRejectedValue(new DomainError('unavailable', 'x'));
    const results = await all(service, [command(), command()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(create).toHaveBeenCalledTimes(1);
  });

  it('refuses orders at once while its queue is full, and accepts orders again afterwards', async () => {
    const { service, repository } = setUp();
    const many = Array.from({ length: 3_000 }, () => command());
    const results = await all(service, many);
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(3_000 - 2_048);
    for (const result of refused) expect(result).toMatchObject({ reason: problem('overloaded') });
    expect(await service.create(command(), inTime())).toMatchObject({ replayed: false });
    expect(await listIn(repository, { customerId: 'alice', limit: 5_000, before: undefined })).toHaveLength(
      2_049,
    );
  });

  it('pages through a list without a gap or a repeat', async () => {
    const { service } = setUp();
    for (let n = 0; n < 5; n += 1) await service.create(command(), inTime());
    const seen: string[] = [];
    let before: string | undefined;
    do {
      const page = await service.list({ customerId: 'alice', limit: 2, before }, someReader());
      seen.push(...page.orders.map(({ id }) => id));
      before = page.next;
    } while (before !== undefined);
    expect(seen).toHaveLength(5);
    expect(seen).toEqual([...new Set(seen)].sort().reverse());
  });

  it('returns no cursor with a full page that is the last one', async () => {
    const { service } = setUp();
    await all(service, [command(), command()]);
    const page = await service.list({ customerId: 'alice', limit: 2, before: undefined }, someReader());
    expect(page.orders).toHaveLength(2);
    expect(page.next).toBeUndefined();
  });

  it('cancels once and publishes one event', async () => {
    const { service, bus } = setUp();
    const { order } = await service.create(command(), inTime());
    const cancel = { id: order.id, customerId: 'alice', expectedVersions: [1], origin: ORIGIN };
    const canceled = await service.cancel(cancel, inTime());
    expect(canceled).toMatchObject({ status: 'CANCELED', version: 2 });
    expect(await service.cancel(cancel, inTime())).toEqual(canceled);
    expect(bus.messages.map(({ subject }) => subject)).toEqual(['orders.created', 'orders.canceled']);
    expect(JSON.parse(bus.messages[1]!.body)).toMatchObject({ id: order.id, status: 'CANCELED', version: 2 });
  });

  it("does not find another customer's order", async () => {
    const { service } = setUp();
    const { order } = await service.create(command(), inTime());
    const cancel = { id: order.id, customerId: 'bob', expectedVersions: undefined, origin: ORIGIN };
    await expect(service.get({ id: order.id, customerId: 'bob' }, someReader())).rejects.toEqual(
      problem('order-not-found'),
    );
    await expect(service.cancel(cancel, inTime())).rejects.toEqual(problem('order-not-found'));
    expect(
      (await service.list({ customerId: 'bob', limit: 10, before: undefined }, someReader())).orders,
    ).toEqual([]);
    expect((await service.get(order, someReader())).status).toBe('CREATED');
  });
});
