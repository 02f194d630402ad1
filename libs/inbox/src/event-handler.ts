import { type ReceivedEvent, readContext, type Message } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import type { z } from 'zod';
import { PermanentError } from './failure.js';

/** What one type of event leads to. */
export interface EventHandler<Data = unknown> {
  /** Which events: their CloudEvents type and the schema of their data. */
  readonly contract: { readonly type: string; readonly schema: z.ZodType<Data> };
  /**
   * Applies events that have not been applied before, 1 or more, in stream order, in the transaction given and with
   * nothing but it: no call over the network. An order's events may come in any order, each once; compare their
   * `sequence`, and answer the gaps that opened or closed. Throws {@link PermanentError} when an event can never be
   * applied.
   */
  handle(tx: Queryable, events: readonly ReceivedEvent<Data>[]): Promise<readonly SequenceGap[] | void>;
}

/** Events of one subject that have not come before a later one did: late, lost, or dead letters. */
export interface SequenceGap {
  readonly subject: string;
  /** The highest sequence that has come. */
  readonly sequence: number;
  /** How many before it are missing now; 0 when the last of them has come. */
  readonly missing: number;
}

export type Handlers = ReadonlyMap<string, EventHandler>;

/** Ties a handler's data to its contract; type-checks it where it is written. */
export function eventHandler<Data>(handler: EventHandler<Data>): EventHandler {
  return handler;
}

/**
 * Reads an event for the handler of its type.
 *
 * @throws {z.ZodError} when its attributes or its data break their schema
 * @throws {PermanentError} when it is no JSON or nobody handles its type
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
