import pg from 'pg';

interface StoredOrder {
  id: string;
  customer: string;
  key: string;
}

/** The orders that the system has acknowledged, to be compared with those that it has stored. */
export class Ledger {
  readonly #acknowledged = new Set<string>();
  /** By customer, how many requests got no answer: their orders may be there or not. */
  readonly #unanswered = new Map<string, number>();

  /** @param id of an order in a 2xx answer */
  acknowledge(id: string): void {
    this.#acknowledged.add(id);
  }

  /** A request of this customer, which may have been a good one, got no answer. */
  unanswered(customer: string): void {
    this.#unanswered.set(customer, (this.#unanswered.get(customer) ?? 0) + 1);
  }

  get size(): number {
    return this.#acknowledged.size;
  }

  /** How the database differs from the answers; ten differences at most. */
  async differences(databaseUrl: string): Promise<string[]> {
    const stored = await storedOrders(databaseUrl);
    const ids = new Set(stored.map(({ id }) => id));
    const lost = [...this.#acknowledged]
      .filter((id) => !ids.has(id))
      .map((id) => `order ${id} was acknowledged and is not stored`);
    const extra = stored.filter(({ id }) => !this.#acknowledged.has(id));
    const unexplained = [...Map.groupBy(extra, ({ customer }) => customer)].flatMap(([customer, orders]) =>
      orders.length > (this.#unanswered.get(customer) ?? 0) ? orders : [],
    );
    const made = unexplained.map(
      ({ customer, key }) => `the order of ${customer} with the key ${key} is stored, and no answer told so`,
    );
    return [...lost, ...made].slice(0, 10);
  }
}

async function storedOrders(connectionString: string): Promise<StoredOrder[]> {
  const client = new pg.Client({ connectionString, application_name: 'fuzz' });
  await client.connect();
  try {
    const { rows } = await client.query<StoredOrder>(
      'SELECT id, customer_id AS customer, idempotency_key AS key FROM orders',
    );
    return rows;
  } finally {
    await client.end();
  }
}
