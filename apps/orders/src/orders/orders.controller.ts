import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import { Controller, Logger } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { DomainError, ORDER_LIMITS, parseOrderId, REPLAYED_METADATA } from '@orders/contracts';
import { deadlineOf, toProblemMessage } from '@orders/grpc';
import { type Caller, currentCaller, validId, validTraceparent } from '@orders/instrumentation';
import { ordersV1 } from '@orders/rpc';
import { settleEach } from './batch-call.js';
import type { Origin } from './order-events.js';
import { orderMessage } from './order-message.js';
import { checkCustomer } from './order.js';
import { type CreateCommand, OrdersService } from './orders.service.js';
import type { Reader } from './read-batcher.js';

/** Serves orders.v1: translates gRPC messages to calls of OrdersService, and its results back. */
@Controller()
export class OrdersController {
  private readonly logger = new Logger(OrdersController.name);

  constructor(private readonly orders: OrdersService) {}

  @GrpcMethod('Orders', 'createOrder')
  async createOrder(
    request: ordersV1.CreateOrderRequest,
    _metadata: Metadata,
    call: ServerUnaryCall<ordersV1.CreateOrderRequest, ordersV1.Order>,
  ): Promise<ordersV1.Order> {
    const { order, replayed } = await this.orders.create(
      toCommand(request, currentCaller()),
      deadlineOf(call),
    );
    if (replayed) {
      const initial = new Metadata();
      initial.set(REPLAYED_METADATA, 'true');
      call.sendMetadata(initial);
    }
    return orderMessage(order);
  }

  @GrpcMethod('Orders', 'createOrders')
  async createOrders(
    { orders }: ordersV1.CreateOrdersRequest,
    _metadata: Metadata,
    call: ServerUnaryCall<ordersV1.CreateOrdersRequest, ordersV1.CreateOrdersResponse>,
  ): Promise<ordersV1.CreateOrdersResponse> {
    const batch = { field: 'orders', requests: orders, max: ORDER_LIMITS.maxBatch };
    const results = await settleEach(batch, call, (order, { caller, deadline }) =>
      this.orders.create(toCommand(order, caller), deadline),
    );
    return {
      results: results.map((result) => {
        if (result.status === 'rejected') return { outcome: this.problem(result), replayed: false };
        const { order, replayed } = result.value;
        return { outcome: { $case: 'order', value: orderMessage(order) }, replayed };
      }),
    };
  }

  @GrpcMethod('Orders', 'getOrder')
  async getOrder(
    request: ordersV1.GetOrderRequest,
    _metadata: Metadata,
    call: ServerUnaryCall<ordersV1.GetOrderRequest, ordersV1.Order>,
  ): Promise<ordersV1.Order> {
    return this.get(request, { deadline: deadlineOf(call), caller: currentCaller() });
  }

  @GrpcMethod('Orders', 'getOrders')
  async getOrders(
    { requests }: ordersV1.GetOrdersRequest,
    _metadata: Metadata,
    call: ServerUnaryCall<ordersV1.GetOrdersRequest, ordersV1.GetOrdersResponse>,
  ): Promise<ordersV1.GetOrdersResponse> {
    const batch = { field: 'requests', requests, max: ORDER_LIMITS.maxBatch };
    const results = await settleEach(batch, call, (request, reader) => this.get(request, reader));
    return {
      results: results.map((result) => ({
        outcome:
          result.status === 'rejected' ? this.problem(result) : { $case: 'order', value: result.value },
      })),
    };
  }

  @GrpcMethod('Orders', 'listOrders')
  async listOrders(
    request: ordersV1.ListOrdersRequest,
    _metadata: Metadata,
    call: ServerUnaryCall<ordersV1.ListOrdersRequest, ordersV1.ListOrdersResponse>,
  ): Promise<ordersV1.ListOrdersResponse> {
    return this.page(request, { deadline: deadlineOf(call), caller: currentCaller() });
  }

  @GrpcMethod('Orders', 'listPages')
  async listPages(
    { requests }: ordersV1.ListPagesRequest,
    _metadata: Metadata,
    call: ServerUnaryCall<ordersV1.ListPagesRequest, ordersV1.ListPagesResponse>,
  ): Promise<ordersV1.ListPagesResponse> {
    const batch = { field: 'requests', requests, max: ORDER_LIMITS.maxPagesInBatch };
    const results = await settleEach(batch, call, (request, reader) => this.page(request, reader));
    return {
      results: results.map((result) => ({
        outcome: result.status === 'rejected' ? this.problem(result) : { $case: 'page', value: result.value },
      })),
    };
  }

  @GrpcMethod('Orders', 'cancelOrder')
  async cancelOrder(
    request: ordersV1.CancelOrderRequest,
    _metadata: Metadata,
    call: ServerUnaryCall<ordersV1.CancelOrderRequest, ordersV1.Order>,
  ): Promise<ordersV1.Order> {
    const command = {
      id: orderId(request.id),
      customerId: ownerOf(request.customerId),
      expectedVersions: expectedVersions(request),
      origin: originOf(currentCaller()),
    };
    return orderMessage(await this.orders.cancel(command, deadlineOf(call)));
  }

  private async get({ id, customerId }: ordersV1.GetOrderRequest, reader: Reader): Promise<ordersV1.Order> {
    const which = { id: orderId(id), customerId: ownerOf(customerId) };
    return orderMessage(await this.orders.get(which, reader));
  }

  private async page(
    { customerId, limit, cursor }: ordersV1.ListOrdersRequest,
    reader: Reader,
  ): Promise<ordersV1.ListOrdersResponse> {
    assertCustomer(customerId);
    assertPageSize(limit);
    const query = { customerId, limit: limit || ORDER_LIMITS.defaultPage, before: readCursor(cursor) };
    const page = await this.orders.list(query, reader);
    return { orders: page.orders.map(orderMessage), nextCursor: writeCursor(page.next) };
  }

  private problem({ reason }: PromiseRejectedResult): { $case: 'problem'; value: ordersV1.Problem } {
    if (!(reason instanceof DomainError)) this.logger.error(reason, 'a request of a batch failed');
    return { $case: 'problem', value: toProblemMessage(reason) };
  }
}

function toCommand(
  { customerId, items, idempotencyKey, context }: ordersV1.CreateOrderRequest,
  caller: Caller,
): CreateCommand {
  return { customerId, items, idempotencyKey, origin: originOf(caller, context), caller };
}

/** @param context the context of one order of a batch, whose orders come from different requests; invalid values are ignored */
function originOf({ request, traceparent }: Caller, context?: ordersV1.CallContext): Origin {
  return {
    traceparent: validTraceparent(context?.traceparent) ?? traceparent,
    correlationId:
      validId(context?.correlationId) ?? validId(context?.requestId) ?? request?.correlationId ?? '',
  };
}

/** A text that is no valid id is reported as an order that does not exist. */
function orderId(text: string): string {
  const id = parseOrderId(text);
  if (id !== undefined) return id;
  throw new DomainError('order-not-found', 'No order of yours has this id');
}

/** The customer that the order must belong to; undefined = any customer. */
function ownerOf(customerId: string): string | undefined {
  if (customerId === '') return undefined;
  assertCustomer(customerId);
  return customerId;
}

/** The versions of which the order must have one; undefined = any version. */
function expectedVersions(request: ordersV1.CancelOrderRequest): number[] | undefined {
  if (request.expectedVersion === 0) return undefined;
  const versions = [request.expectedVersion, ...request.otherExpectedVersions];
  if (versions.every(Number.isSafeInteger)) return versions;
  const errors = [{ pointer: '/expectedVersion', detail: 'a whole number up to 2^53-1' }];
  throw new DomainError('validation-failed', 'the request breaks a rule', { errors });
}

function assertCustomer(customerId: string): void {
  const errors = checkCustomer(customerId);
  if (errors.length > 0) throw new DomainError('validation-failed', 'the request breaks a rule', { errors });
}

function assertPageSize(limit: number): void {
  if (limit >= 0 && limit <= ORDER_LIMITS.maxPage) return;
  const errors = [{ pointer: '/limit', detail: `a whole number from 0 to ${ORDER_LIMITS.maxPage}` }];
  throw new DomainError('validation-failed', 'the request breaks a rule', { errors });
}

/** Opaque to callers. It holds the id of the last order of this page. */
function writeCursor(next: string | undefined): string {
  return next === undefined ? '' : Buffer.from(next).toString('base64url');
}

function readCursor(cursor: string): string | undefined {
  if (cursor === '') return undefined;
  const id = parseOrderId(Buffer.from(cursor, 'base64url').toString());
  if (id !== undefined) return id;
  const errors = [{ pointer: 'cursor', detail: 'must be the nextCursor of the previous page' }];
  throw new DomainError('malformed-request', 'the cursor is not valid', { errors });
}
