import { type ReceivedEvent, readContext, type Message } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import type { z } from 'zod';
import { PermanentError } from './failure.js';

/** Applies the events of one type. */
export interface EventHandler<Data = unknown> {
  /** The CloudEvents type of the events and the schema of their data. */
  readonly contract: { readonly type: string; readonly schema: z.ZodType<Data> };
  /**
   * Applies one or more events that have not been applied before, in stream order, in the given transaction and without
   * any other call over the network. The events of one subject arrive once each, but in any order: compare their
   * `sequence`, and return the gaps that opened or closed. Throws {@link PermanentError} when an event can never be
   * applied.
   */
  handle(tx: Queryable, events: readonly ReceivedEvent<Data>[]): Promise<readonly SequenceGap[] | void>;
}

/** Events of one subject that are missing before a later one: they are late, lost or dead letters. */
export interface SequenceGap {
  readonly subject: string;
  /** The highest sequence that has arrived. */
  readonly sequence: number;
  /** How many events before it are still missing; 0 when the gap has closed. */
  readonly missing: number;
}

export type Handlers = ReadonlyMap<string, EventHandler>;

/** Type-checks a handler against the data of its contract. */
export function eventHandler<Data>(handler: EventHandler<Data>): EventHandler {
  return handler;
}

/**
 * Reads an event for the handler of its type.
 *
 * @throws {z.ZodError} when its attributes or its data violate their schema
 * @throws {PermanentError} when its data is no JSON or its type has no handler
 */
export function readEvent(message: Message, handlers: Handlers): ReceivedEvent {
  const context = readContext(message);
  const handler = handlers.get(context.type);
  if (!handler) throw new PermanentError(`no handler for events of type ${context.type}`);
  return { ...context, data: handler.contract.schema.parse(parseJson(message.body)) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PermanentError('the body is no JSON', { cause });
  }
}
