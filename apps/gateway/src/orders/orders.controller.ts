import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { DomainError, parseOrderId, REPLAYED_METADATA } from '@orders/contracts';
import type { ordersV1 } from '@orders/rpc';
import { type Caller, type CallerRequest, RequireScope } from '@orders/tokens';
import type { FastifyReply } from 'fastify';
import { randomUUID } from 'node:crypto';
import { parseIdempotencyKey, parseIfMatch, parseIfNoneMatch } from './order.headers.js';
import {
  cancelOrderBody,
  createOrderBody,
  listOrdersQuery,
  type CreateOrderBody,
  type ListOrdersQuery,
  type OrderBody,
  toOrderBody,
} from './order.schema.js';
import { OrdersClient } from './orders.client.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersClient) {}

  @Post()
  @RequireScope('orders:write')
  async create(
    @Body({ schema: createOrderBody }) { customerId, items }: CreateOrderBody,
    @Req() { caller, headers, deadline }: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderBody> {
    // A request without a key gets a generated one. Every answer has it, so that the caller can repeat safely.
    const given = headers['idempotency-key'];
    const idempotencyKey = parseIdempotencyKey(given) ?? randomUUID();
    reply.header('idempotency-key', given ?? idempotencyKey);
    const { order, replayed } = await this.orders.createOrder(
      { customerId: customerOf(caller, customerId), items, idempotencyKey },
      deadline,
    );
    if (replayed) reply.header(REPLAYED_METADATA, 'true');
    reply.header('location', `/orders/${order.id}`);
    return answer(order, reply);
  }

  @Get(':id')
  @RequireScope('orders:read')
  async get(
    @Param('id') id: string,
    @Req() { caller, headers, deadline }: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderBody | undefined> {
    const isKnown = parseIfNoneMatch(headers['if-none-match']);
    const request = { id: orderId(id), customerId: visibleTo(caller) };
    const body = answer(await this.orders.getOrder(request, deadline), reply);
    if (!isKnown(body.version)) return body;
    reply.code(304);
    return undefined;
  }

  @Get()
  @RequireScope('orders:read')
  async list(
    @Query({ schema: listOrdersQuery }) { limit, cursor = '', customerId }: ListOrdersQuery,
    @Req() { caller, deadline }: CallerRequest,
  ): Promise<{ orders: OrderBody[]; nextCursor: string | null }> {
    const page = await this.orders.listOrders(
      { customerId: customerOf(caller, customerId), limit, cursor },
      deadline,
    );
    return { orders: page.orders.map(toOrderBody), nextCursor: page.nextCursor || null };
  }

  // eslint-disable-next-line @typescript-eslint/max-params -- Nest's signature: each part of a request by its decorator
  @Post(':id/cancel')
  @HttpCode(200)
  @RequireScope('orders:write')
  async cancel(
    @Param('id') id: string,
    @Body({ schema: cancelOrderBody }) _body: undefined,
    @Req() { caller, headers, deadline }: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderBody> {
    const expected = expectedVersions(parseIfMatch(headers['if-match']));
    const request = { id: orderId(id), customerId: visibleTo(caller), ...expected };
    return answer(await this.orders.cancelOrder(request, deadline), reply);
  }
}

function isAdmin(caller: Caller): boolean {
  return caller.scopes.has('orders:admin');
}

function customerOf(caller: Caller, asked: string | undefined): string {
  if (asked === undefined || asked === caller.id) return caller.id;
  if (isAdmin(caller)) return asked;
  const errors = [{ pointer: '/customerId', detail: "is not the token's subject" }];
  throw new DomainError('forbidden', 'Another customer needs the scope orders:admin', { errors });
}

/** The customer whose orders the caller may see; empty = all. Another customer's order is not found, not forbidden. */
function visibleTo(caller: Caller): string {
  return isAdmin(caller) ? '' : caller.id;
}

/** As orders.v1 has it: 0 = any version, -1 = none. */
function expectedVersions(versions: readonly number[] | undefined) {
  const [expectedVersion = -1, ...otherExpectedVersions] = versions ?? [0];
  return { expectedVersion, otherExpectedVersions };
}

function orderId(text: string): string {
  const id = parseOrderId(text);
  if (id !== undefined) return id;
  throw new DomainError('order-not-found', 'No order of yours has this id');
}

function answer(order: ordersV1.Order, reply: FastifyReply): OrderBody {
  reply.header('etag', `"${order.version}"`);
  return toOrderBody(order);
}
