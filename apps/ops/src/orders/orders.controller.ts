import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { DomainError, parseOrderId } from '@orders/contracts';
import { RequireScope } from '@orders/tokens';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { sendEvents } from '../event-stream.js';
import { SpanStore } from '../spans/span-store.js';
import type { Span } from '../spans/span.js';
import { STOPPED } from '../stopped.js';
import type { Found, OrderStory } from './order-story.js';
import { OrdersService } from './orders.service.js';

const search = z.strictObject({ q: z.string().trim().min(1).max(400) });
const traceId = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/i, 'must be 32 hexadecimal digits'),
});

@Controller('api')
export class OrdersController {
  constructor(
    private readonly orders: OrdersService,
    private readonly spans: SpanStore,
    @Inject(STOPPED) private readonly stopped: AbortSignal,
  ) {}

  @Get('find')
  @RequireScope('ops:read')
  find(@Query({ schema: search }) { q }: z.output<typeof search>): Promise<Found> {
    return this.orders.find(q);
  }

  @Get('orders/:id')
  @RequireScope('ops:read')
  story(@Param('id') id: string): Promise<OrderStory> {
    return this.orders.story(orderId(id));
  }

  @Get('orders/:id/events')
  @RequireScope('ops:read')
  async events(@Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    // Before the answer begins: later there is no status left to tell that there is no such order.
    const first = await this.orders.story(orderId(id));
    sendEvents(reply, this.stopped, (signal) => this.orders.watch(first, signal));
  }

  @Get('traces/:id')
  @RequireScope('ops:read')
  trace(@Param({ schema: traceId }) { id }: z.output<typeof traceId>): Span[] {
    return this.spans.trace(id.toLowerCase());
  }
}

function orderId(text: string): string {
  const id = parseOrderId(text);
  if (id !== undefined) return id;
  throw new DomainError('malformed-request', 'id: must be a UUID', {
    errors: [{ pointer: 'id', detail: 'must be a UUID' }],
  });
}
