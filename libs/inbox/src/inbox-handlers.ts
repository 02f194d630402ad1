import type { ReceivedEvent, Message } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import { type EventHandler, type Handlers, readEvent, type SequenceGap } from './event-handler.js';
import { Inbox } from './inbox.js';

export interface Applied {
  /** The events that took effect now; the others are duplicates. */
  readonly events: readonly ReceivedEvent[];
  readonly gaps: readonly SequenceGap[];
}

/** Applies the events of one consumer: its inbox lets each event through once, the handler of its type applies it. */
export class InboxHandlers {
  private readonly inbox: Inbox;
  private readonly handlers: Handlers;

  /** @param consumer the name of the consumer that the inbox belongs to */
  constructor(consumer: string, handlers: readonly EventHandler[]) {
    this.inbox = new Inbox(consumer);
    this.handlers = new Map(handlers.map((handler) => [handler.contract.type, handler]));
  }

  /** Reads an event as {@link readEvent} does, and throws the same. */
  read(message: Message): ReceivedEvent {
    return readEvent(message, this.handlers);
  }

  /** Applies the events that have not been applied before: handler by handler, for each in the given order. */
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
