import { randomUUID } from 'node:crypto';
import { afterEach, expect, it, jest } from '@jest/globals';
import { DomainError, ORDER_LIMITS } from '@orders/contracts';
import { currentCaller } from '@orders/instrumentation';
import { MemoryBus } from '@orders/messaging';
import { Deadline } from '@orders/resilience';
import { inTime, ITEMS, ORIGIN, someReader } from '../testing/fixtures.js';
import { MemoryOrdersRepository } from './memory-orders.repository.js';
import type { Order } from './order.js';
import { OrdersService } from './orders.service.js';

afterEach(() => void jest.useRealTimers());

function setUp() {
  const repository = new MemoryOrdersRepository(new MemoryBus());
  return { repository, service: new OrdersService(repository) };
}

async function someOrder(service: OrdersService): Promise<Order> {
  const request = { customerId: 'alice', items: ITEMS, idempotencyKey: randomUUID(), origin: ORIGIN };
  return (await service.create({ ...request, caller: currentCaller() }, inTime())).order;
}

const problem = (code: string) => expect.objectContaining({ code });

it('reads concurrent orders at once, and gives each caller its own answer', async () => {
  const { service, repository } = setUp();
  const order = await someOrder(service);
  const findAll = jest.spyOn(repository, 'findAll');
  const which = [order, { id: order.id, customerId: 'bob' }, { id: order.id, customerId: undefined }];
  const results = await Promise.allSettled(which.map((one) => service.get(one, someReader())));
  expect(results).toEqual([
    { status: 'fulfilled', value: order },
    { status: 'rejected', reason: problem('order-not-found') },
    { status: 'fulfilled', value: order },
  ]);
  expect(findAll).toHaveBeenCalledTimes(1);
});

it('answers the other reads of a batch in which the deadline of one passes, or that fails as a whole', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  const { service, repository } = setUp();
  const order = await someOrder(service);
  const findAll = repository.findAll.bind(repository);
  jest.spyOn(repository, 'findAll').mockImplementation(async (which, deadline) => {
    jest.advanceTimersByTime(50);
    if (which.some(({ customerId }) => customerId === 'poison')) throw new Error('a bug');
    return findAll(which, deadline);
  });
  const hurried = someReader(Deadline.withoutTimer(new AbortController().signal, 50));
  const late = service.get(order, hurried);
  const poisoned = service.get({ id: order.id, customerId: 'poison' }, someReader());
  const patient = service.get(order, someReader());
  await expect(late).rejects.toEqual(problem('deadline-exceeded'));
  await expect(poisoned).rejects.toThrow('a bug');
  expect(await patient).toEqual(order);
});

it('reads alone, two at a time, what a timeout has ended together: one of them may be slow', async () => {
  const { service, repository } = setUp();
  const order = await someOrder(service);
  const findAll = repository.findAll.bind(repository);
  let running = 0;
  let most = 0;
  jest.spyOn(repository, 'findAll').mockImplementation(async (which, deadline) => {
    const cause = Object.assign(new Error('canceling statement due to statement timeout'), {
      code: '57014',
    });
    if (which.length > 1) throw new DomainError('unavailable', 'the database cannot answer now', { cause });
    most = Math.max(most, (running += 1));
    return findAll(which, deadline).finally(() => (running -= 1));
  });
  const reads = Array.from({ length: 20 }, () => service.get(order, someReader()));
  expect(new Set(await Promise.all(reads))).toEqual(new Set([order]));
  expect(most).toBe(2);
});

it('reads no more pages in a statement than fit a message', async () => {
  const { service, repository } = setUp();
  const listAll = jest.spyOn(repository, 'listAll');
  const query = { customerId: 'alice', limit: ORDER_LIMITS.maxPage, before: undefined };
  await Promise.all(Array.from({ length: 20 }, () => service.list(query, someReader())));
  const most = Math.max(...listAll.mock.calls.map(([queries]) => queries.length));
  expect(most * ORDER_LIMITS.maxPage * ORDER_LIMITS.maxMessageBytes).toBeLessThan(8 * 1_024 * 1_024);
});
