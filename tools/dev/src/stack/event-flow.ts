import { streamOf } from '@orders/contracts/streams';
import type { AppDeclaration } from './declarations.ts';
import { effectPath } from './wiring.ts';

/** An app that publishes events. */
export interface Producer {
  /** Also the name of its database, which holds its outbox. */
  readonly name: string;
  readonly publishes: readonly string[];
  readonly stream: string;
}

/** An app in which events take effect. */
export interface Consumer {
  /** Also the name of its database, which holds its inbox, and of its durable on each stream. */
  readonly name: string;
  readonly consumes: readonly string[];
  readonly streams: readonly string[];
  /** The table that counts its effects by order; undefined when it declares none. */
  readonly table: string | undefined;
}

export function producersOf(apps: readonly AppDeclaration[]): Producer[] {
  return apps.flatMap(({ name, publishes }) =>
    publishes[0] === undefined ? [] : [{ name, publishes, stream: streamOf(publishes[0]).name }],
  );
}

export function consumersOf(apps: readonly AppDeclaration[]): Consumer[] {
  return apps
    .filter(({ consumes }) => consumes.length > 0)
    .map(({ name, consumes, effect }) => ({
      name,
      consumes,
      streams: [...new Set(consumes.map((type) => streamOf(type).name))],
      table: effect === undefined ? undefined : effectTable(effect),
    }));
}

/** `shipments` for `/shipments/{orderId}`. */
export function effectTable(effect: string): string {
  return effectPath(effect).slice(1);
}
