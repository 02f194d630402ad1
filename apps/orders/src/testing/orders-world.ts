import { DomainError } from '@orders/contracts';
import { currentCaller } from '@orders/instrumentation';
import {
  type Commands,
  faults,
  type ModelConnection,
  ModelDatabase,
  type ProcessName,
  SimulatedProcess,
  Simulation,
  type World,
} from '@orders/postgres/testing';
import { Deadline, sleep } from '@orders/resilience';
import type fc from 'fast-check';
import type { NewOrder, OrdersRepository } from '../orders/orders.repository.js';
import { type Created, OrdersService } from '../orders/orders.service.js';
import { ORIGIN } from './fixtures.js';
import { ModelOrdersRepository } from './model-orders.repository.js';

const CALL_MS = 5_000;
const NEVER = new AbortController().signal;

interface Request {
  readonly customerId: string;
  readonly idempotencyKey: string;
  readonly quantity: number;
}

interface Call extends Request {
  readonly caller: AbortController;
  outcome: 'open' | 'created' | 'refused' | 'gone';
}

/** Two replicas of orders, their database, and callers that repeat a request until its outcome is known. */
export class OrdersWorld implements World {
  readonly database = new ModelDatabase();
  readonly simulation: Simulation;
  private readonly replicas = new Map<string, { process: SimulatedProcess; service: OrdersService }>();
  private readonly callers = new SimulatedProcess('callers');
  private readonly calls: Call[] = [];
  private readonly answers = new Map<string, string>();
  private broken: string | undefined;

  /** @param Repository a broken one, for a test that expects a violation */
  constructor(
    scheduler: fc.Scheduler,
    private readonly Repository: new (db: ModelConnection) => OrdersRepository = ModelOrdersRepository,
  ) {
    this.simulation = new Simulation(scheduler, () => this.check());
    this.start('A');
    this.start('B');
  }

  start(name: ProcessName): void {
    this.replicas.get(name)?.process.crash();
    const process = new SimulatedProcess(name);
    const db = this.database.connect(this.simulation.wire(process, 'database'));
    process.onCrash(() => db.close());
    this.replicas.set(name, { process, service: new OrdersService(new this.Repository(db)) });
  }

  process(name: ProcessName): SimulatedProcess {
    return this.replicas.get(name)!.process;
  }

  /** A caller creates an order: it asks the replicas in turn until it gets a final answer. */
  order(first: ProcessName, request: Request): void {
    const call: Call = { ...request, caller: new AbortController(), outcome: 'open' };
    this.calls.push(call);
    void this.repeat(first, call);
  }

  /** The newest caller without an answer goes away: it stops waiting and does not repeat its request. */
  goAway(): void {
    const call = this.calls.findLast(({ outcome }) => outcome === 'open');
    if (!call) return;
    call.outcome = 'gone';
    call.caller.abort();
  }

  async settle(): Promise<void> {
    await this.simulation.settle(() => this.calls.every(({ outcome }) => outcome !== 'open'), 2_000);
  }

  private async repeat(first: ProcessName, call: Call): Promise<void> {
    for (let at = first; call.outcome === 'open'; at = at === 'A' ? 'B' : 'A') {
      try {
        const created = await this.ask(at, call);
        if (call.outcome === 'open') this.created(call, created);
      } catch (error) {
        if (error instanceof DomainError && error.code === 'idempotency-key-reused') this.refused(call);
        else await sleep(500, NEVER);
      }
    }
  }

  private async ask(at: ProcessName, { caller, ...request }: Call): Promise<Created> {
    const deadline = Deadline.withoutTimer(caller.signal, CALL_MS);
    const answer = this.simulation.wire(this.callers, `orders ${at}`)('create', () => {
      const { process, service } = this.replicas.get(at)!;
      if (!process.alive) throw new DomainError('unavailable', 'the replica is down');
      return service.create(
        {
          ...request,
          items: [{ sku: 'apple', quantity: request.quantity, priceCents: 250 }],
          origin: ORIGIN,
          caller: currentCaller(),
        },
        deadline,
      );
    });
    const tooLate = sleep(CALL_MS, caller.signal).then(() => {
      throw new DomainError('deadline-exceeded', 'no answer in time');
    });
    return Promise.race([answer, tooLate]);
  }

  private created(call: Call, { order }: Created): void {
    call.outcome = 'created';
    const stored = this.stored(call);
    const first = this.answers.get(keyOf(call));
    const { customerId, items } = order;
    if (stored?.order.id !== order.id) this.broken = `answered without a commit: ${keyOf(call)}`;
    if (first !== undefined && first !== order.id) this.broken = `two orders for ${keyOf(call)}`;
    if (customerId !== call.customerId || items[0]?.quantity !== call.quantity) {
      this.broken = `answered with another's order: ${keyOf(call)}`;
    }
    this.answers.set(keyOf(call), order.id);
  }

  private refused(call: Call): void {
    if (call.outcome === 'open') call.outcome = 'refused';
    const stored = this.stored(call);
    if (!stored || stored.order.items[0]?.quantity === call.quantity) {
      this.broken = `refused what was never used for another order: ${keyOf(call)}`;
    }
  }

  private stored({ customerId, idempotencyKey }: Request): NewOrder | undefined {
    return this.orders().find(
      (row) => row.order.customerId === customerId && row.idempotencyKey === idempotencyKey,
    );
  }

  private orders(): NewOrder[] {
    return this.database.table<NewOrder>('orders').rows();
  }

  private check(): void {
    if (this.broken) throw new Error(this.broken);
    const orders = this.orders();
    const events = this.database.outbox.rows().map(({ headers }) => headers['ce-subject']);
    const ids = orders.map(({ order }) => order.id);
    if (ids.toSorted().join() !== events.toSorted().join()) throw new Error('orders and events differ');
    const keys = orders.map(({ order, idempotencyKey }) => `${order.customerId} ${idempotencyKey}`);
    if (new Set(keys).size < keys.length) throw new Error(`two orders for one key: ${keys.join()}`);
    for (const { order, idempotencyKey } of orders) {
      const isAsked = this.calls.some(
        (call) =>
          call.customerId === order.customerId &&
          call.idempotencyKey === idempotencyKey &&
          call.quantity === order.items[0]?.quantity,
      );
      if (!isAsked) throw new Error(`phantom order: ${idempotencyKey}`);
    }
  }
}

function keyOf({ customerId, idempotencyKey }: Request): string {
  return `${customerId} ${idempotencyKey}`;
}

const ask = (first: ProcessName, customerId: string, idempotencyKey: string, quantity: number) => ({
  [`${customerId} orders ${quantity} by key ${idempotencyKey} at ${first}`]: (world: OrdersWorld) =>
    world.order(first, { customerId, idempotencyKey, quantity }),
});

export const ORDERS_COMMANDS: Commands<OrdersWorld> = {
  ...faults(['database', 'orders A', 'orders B']),
  ...ask('A', 'alice', 'k', 1),
  ...ask('B', 'alice', 'k', 1),
  ...ask('A', 'alice', 'k', 2),
  ...ask('B', 'alice', 'k', 2),
  ...ask('A', 'alice', 'l', 1),
  ...ask('A', 'bob', 'k', 1),
  ...ask('B', 'bob', 'k', 3),
  ...ask('B', 'bob', 'l', 1),
  'the last caller goes away': (world) => world.goAway(),
};
