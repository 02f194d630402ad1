import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { eventHandler, handlersFor } from './event-handler.js';

const handlerOf = (type: string) =>
  eventHandler({ contract: { type, schema: z.unknown() }, handle: () => Promise.resolve() });

describe('the handlers of an app', () => {
  it('are those of the events that it declares to consume', () => {
    const handlers = ['orders.created', 'orders.canceled'].map(handlerOf);
    expect(handlersFor(['orders.canceled', 'orders.created'], handlers)).toBe(handlers);
  });

  it('are refused with the name of each type that is declared and not handled, or handled and not declared', () => {
    const handlers = [handlerOf('orders.created'), handlerOf('orders.shipped')];
    expect(() => handlersFor(['orders.created', 'orders.canceled'], handlers)).toThrow(
      'app.json: consumes: orders.canceled has no handler; orders.shipped has a handler and is not declared',
    );
  });
});
