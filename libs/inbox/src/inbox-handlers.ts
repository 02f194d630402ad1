import type { ReceivedEvent, Message } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import { type EventHandler, type Handlers, readEvent, type SequenceGap } from './event-handler.js';
import { Inbox } from './inbox.js';

export interface Applied {
  /** Those that took effect; the others had done so before. */
  readonly events: readonly ReceivedEvent[];
  readonly gaps: readonly SequenceGap[];
}

/** What events lead to in one consumer: its inbox lets each through once, its handlers apply it. */
export class InboxHandlers {
  private readonly inbox: Inbox;
  private readonly handlers: Handlers;

  /** @param consumer whose inbox */
  constructor(consumer: string, handlers: readonly EventHandler[]) {
    this.inbox = new Inbox(consumer);
    this.handlers = new Map(handlers.map((handler) => [handler.contract.type, handler]));
  }

  /** As {@link readEvent} does. */
  read(message: Message): ReceivedEvent {
    return readEvent(message, this.handlers);
  }

  /** Applies those that have not been applied before, each handler in its turn, within one in the order given. */
  async apply(tx: Queryable, events: readonly ReceivedEvent[]): Promise<Applied> {
    const fresh = await this.inbox.accept(tx, events);
    const gaps: SequenceGap[] = [];
    for (const handler of this.handlers.values()) {
      const own = fresh.filter(({ type }) => type === handler.contract.type);
      if (own.length > 0) gaps.push(...((await handler.handle(tx, own)) ?? []));
    }
    return { events: fresh, gaps };
  }
}
