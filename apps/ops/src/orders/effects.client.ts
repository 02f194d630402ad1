import type { Addresses } from '../system/addresses.js';
import { OBSERVED_APPS, type ObservedApp } from '../system/observed-apps.js';
import type { Delivery, StoredOrder } from './order-story.js';

const TIMEOUT_MS = 1_000;

/** Asks the consumers what they have made of an order, at the path that each declares. */
export class EffectsClient {
  constructor(
    private readonly addresses: Addresses,
    private readonly apps: readonly ObservedApp[] = OBSERVED_APPS,
  ) {}

  /** What became of the order's events in each consumer, within 1 s. Never rejects. */
  of({ id, version }: Pick<StoredOrder, 'id' | 'version'>): Promise<Delivery[]> {
    const consumers = this.apps.filter(({ effect }) => effect !== undefined);
    return Promise.all(
      consumers.map(async (app): Promise<Delivery> => {
        const applied = await this.applied(app, id);
        const rest = { consumer: app.name, applied, events: version };
        if (applied === null) return { ...rest, state: 'silent' };
        return { ...rest, state: applied >= version ? 'applied' : 'waiting' };
      }),
    );
  }

  /** How many events it has applied; null when it does not answer. */
  private async applied({ name, effect = '' }: ObservedApp, orderId: string): Promise<number | null> {
    // Every replica reads the same database.
    const [address] = this.addresses.get(name) ?? [];
    if (address === undefined) return null;
    try {
      const url = `http://${address}${effect.replace('{orderId}', encodeURIComponent(orderId))}`;
      const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (response.status === 404) return 0;
      if (!response.ok) return null;
      const { eventsApplied } = (await response.json()) as { eventsApplied?: unknown };
      return typeof eventsApplied === 'number' ? eventsApplied : null;
    } catch {
      return null; // it is told as silent
    }
  }
}
