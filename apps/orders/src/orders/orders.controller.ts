import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { DomainError, ORDER_LIMITS, ordersV1, REPLAYED_METADATA } from '@orders/contracts';
import { currentContext, currentTraceparent } from '@orders/instrumentation';
import { deadlineOf, toServiceError } from '@orders/service';
import { validate as isUuid } from 'uuid';
import type { Order } from './order.js';
import type { Origin } from './order-events.js';
import { type CreateCommand, type Created, OrdersService } from './orders.service.js';

/** orders.v1 as gRPC has it: reads messages, calls the service, writes messages. */
@Controller()
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @GrpcMethod('Orders', 'createOrder')
  async createOrder(
    request: ordersV1.CreateOrderRequest,
    _metadata: Metadata,
    call: ServerUnaryCall<ordersV1.CreateOrderRequest, ordersV1.Order>,
  ): Promise<ordersV1.Order> {
    const { order, replayed } = await this.orders.create(toCommand(request), deadlineOf(call));
    if (replayed) {
      const initial = new Metadata();
      initial.set(REPLAYED_METADATA, 'true');
      call.sendMetadata(initial);
    }
    return toMessage(order);
  }

  @GrpcMethod('Orders', 'createOrders')
  async createOrders(
    { orders }: ordersV1.CreateOrdersRequest,
    _metadata: Metadata,
    call: ServerUnaryCall<ordersV1.CreateOrdersRequest, ordersV1.CreateOrdersResponse>,
  ): Promise<ordersV1.CreateOrdersResponse> {
    if (orders.length === 0 || orders.length > ORDER_LIMITS.maxBatch) {
      const errors = [{ pointer: '/orders', detail: `1 to ${ORDER_LIMITS.maxBatch} orders` }];
      throw new DomainError('validation-failed', 'the batch breaks a rule', { errors });
    }
    const results = await this.orders.createMany(orders.map(toCommand), deadlineOf(call));
    return { results: results.map(toResult) };
  }

  @GrpcMethod('Orders', 'getOrder')
  async getOrder({ id, customerId }: ordersV1.GetOrderRequest): Promise<ordersV1.Order> {
    return toMessage(await this.orders.get(orderId(id), customerId || undefined));
  }

  @GrpcMethod('Orders', 'listOrders')
  async listOrders({
    customerId,
    limit,
    cursor,
  }: ordersV1.ListOrdersRequest): Promise<ordersV1.ListOrdersResponse> {
    const page = await this.orders.list(customerId, limit, readCursor(cursor));
    return { orders: page.orders.map(toMessage), nextCursor: writeCursor(page.next) };
  }

  @GrpcMethod('Orders', 'cancelOrder')
  async cancelOrder(
    request: ordersV1.CancelOrderRequest,
    _metadata: Metadata,
    call: ServerUnaryCall<ordersV1.CancelOrderRequest, ordersV1.Order>,
  ): Promise<ordersV1.Order> {
    const command = {
      id: orderId(request.id),
      customerId: request.customerId || undefined,
      expectedVersion: request.expectedVersion || undefined,
      origin: originOfCall(),
    };
    return toMessage(await this.orders.cancel(command, deadlineOf(call)));
  }
}

function toCommand({
  customerId,
  items,
  idempotencyKey,
  context,
}: ordersV1.CreateOrderRequest): CreateCommand {
  const call = originOfCall();
  const origin = {
    traceparent: context?.traceparent || call.traceparent,
    correlationId: context?.requestId || call.correlationId,
  };
  return { customerId, items, idempotencyKey, origin };
}

function originOfCall(): Origin {
  return { traceparent: currentTraceparent(), correlationId: currentContext()?.correlationId ?? '' };
}

function toMessage(order: Order): ordersV1.Order {
  return { ...order, items: [...order.items], createdAt: order.createdAt.toISOString() };
}

function toResult(result: PromiseSettledResult<Created>): ordersV1.CreateOrderResult {
  if (result.status === 'fulfilled') {
    const { order, replayed } = result.value;
    return { outcome: { $case: 'order', value: toMessage(order) }, replayed };
  }
  const { code, details } = toServiceError(result.reason);
  const problem = result.reason instanceof DomainError ? result.reason.code : 'internal';
  return {
    outcome: { $case: 'problem', value: { status: code, code: problem, detail: details } },
    replayed: false,
  };
}

/** What is no id can be nobody's order. */
function orderId(text: string): string {
  if (isUuid(text)) return text;
  throw new DomainError('order-not-found', 'no order of yours has this id');
}

/** Opaque to callers: today the id that the next page starts before. */
function writeCursor(next: string | undefined): string {
  return next === undefined ? '' : Buffer.from(next).toString('base64url');
}

function readCursor(cursor: string): string | undefined {
  if (cursor === '') return undefined;
  const id = Buffer.from(cursor, 'base64url').toString();
  if (isUuid(id)) return id;
  const errors = [{ pointer: 'cursor', detail: 'the nextCursor of the page before' }];
  throw new DomainError('malformed-request', 'the cursor is none of ours', { errors });
}
