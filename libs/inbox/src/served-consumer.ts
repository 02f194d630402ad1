import { DomainError } from '@orders/contracts';
import type { Queryable, TransactionRunner } from '@orders/postgres';
import type { EventHandler } from './event-handler.js';
import { InboxHandlers } from './inbox-handlers.js';

export interface ServedConsumerOptions {
  /** Name of the app, which is the consumer. */
  name: string;
  handlers: readonly EventHandler[];
  /** With the rights of the consumer. */
  database: Queryable;
  /** With the rights of the operator. Undefined: dead letters can be looked at, but not settled. */
  desk: (Queryable & TransactionRunner) | undefined;
}

/** What inbox.v1.Inbox serves: the inbox and the dead letters of one consumer. */
export class ServedConsumer {
  readonly name: string;
  /** Types of events that it consumes. */
  readonly consumes: readonly string[];
  readonly database: Queryable;
  readonly desk: (Queryable & TransactionRunner) | undefined;
  /** The consumer by its name, for a redrive. */
  readonly consumers: ReadonlyMap<string, InboxHandlers>;

  constructor({ name, handlers, database, desk }: ServedConsumerOptions) {
    this.name = name;
    this.consumes = handlers.map(({ contract }) => contract.type);
    this.database = database;
    this.desk = desk;
    this.consumers = new Map([[name, new InboxHandlers(name, handlers)]]);
  }

  /** @throws {DomainError} method-not-allowed, when the app has no login with the rights of the operator */
  assertDesk(): Queryable & TransactionRunner {
    if (this.desk) return this.desk;
    const detail = `${this.name} has no OPERATOR_DATABASE_URL: it cannot settle dead letters`;
    throw new DomainError('method-not-allowed', detail);
  }
}
