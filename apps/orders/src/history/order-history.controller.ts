import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  DomainError,
  type FieldError,
  IDEMPOTENCY_KEY_PATTERN,
  parseOrderId,
  streamOf,
} from '@orders/contracts';
import { deadlineOf } from '@orders/grpc';
import { readContext } from '@orders/messaging';
import type { orderHistoryV1 } from '@orders/rpc';
import { checkCustomer } from '../orders/order.js';
import { type OrderEvent, OrderHistoryRepository, type OrderSummary } from './order-history.repository.js';

type Call<Request, Response> = ServerUnaryCall<Request, Response>;

/** Serves orders.v1.OrderHistory. */
@Controller()
export class OrderHistoryController {
  constructor(private readonly repository: OrderHistoryRepository) {}

  @GrpcMethod('OrderHistory', 'findOrders')
  async findOrders(
    { by }: orderHistoryV1.FindOrdersRequest,
    _metadata: Metadata,
    call: Call<orderHistoryV1.FindOrdersRequest, orderHistoryV1.FindOrdersResponse>,
  ): Promise<orderHistoryV1.FindOrdersResponse> {
    const deadline = deadlineOf(call);
    switch (by?.$case) {
      case 'orderId': {
        const id = parseOrderId(by.value);
        return only(id === undefined ? [] : await this.repository.findById(id, deadline));
      }
      case 'key': {
        const { customerId, idempotencyKey } = by.value;
        refuse([...customerErrors('/key/customerId', customerId), ...keyErrors(idempotencyKey)]);
        return only(await this.repository.findByKey(customerId, idempotencyKey, deadline));
      }
      case 'customer': {
        const { customerId, before } = by.value;
        refuse([...customerErrors('/customer/customerId', customerId), ...beforeErrors(before)]);
        const page = await this.repository.findByCustomer(customerId, parseOrderId(before), deadline);
        const last = page.hasMore ? page.orders.at(-1) : undefined;
        return { orders: page.orders.map(summaryMessage), nextBefore: last?.id ?? '' };
      }
      case undefined:
        throw invalid([{ pointer: '/by', detail: 'one of orderId, customer and key' }]);
    }
  }

  @GrpcMethod('OrderHistory', 'getHistory')
  async getHistory(
    { orderId }: orderHistoryV1.GetHistoryRequest,
    _metadata: Metadata,
    call: Call<orderHistoryV1.GetHistoryRequest, orderHistoryV1.GetHistoryResponse>,
  ): Promise<orderHistoryV1.GetHistoryResponse> {
    const id = parseOrderId(orderId);
    const history = id === undefined ? undefined : await this.repository.history(id, deadlineOf(call));
    if (!history) throw new DomainError('order-not-found', 'No order has this id');
    const { order, events } = history;
    const missingEvents = Math.max(0, order.version - events.length);
    return { order: summaryMessage(order), events: events.map(eventMessage), missingEvents };
  }
}

function only(orders: readonly OrderSummary[]): orderHistoryV1.FindOrdersResponse {
  return { orders: orders.map(summaryMessage), nextBefore: '' };
}

function summaryMessage(order: OrderSummary): orderHistoryV1.OrderSummary {
  return { ...order, createdAt: order.createdAt.toISOString() };
}

function eventMessage(event: OrderEvent): orderHistoryV1.OrderEvent {
  const { id, type, sequence, traceparent, correlationId } = readContext(event.message);
  return {
    ...{ eventId: id, type, sequence, traceparent, correlationId },
    logTransaction: event.tx,
    logPosition: event.position,
    recordedAt: event.recordedAt.toISOString(),
    committedAt: event.committedAt?.toISOString() ?? '',
    published: event.published,
    stream: streamOf(type).name,
    streamSequence: event.streamSequence ?? 0,
  };
}

function customerErrors(pointer: string, customerId: string): FieldError[] {
  return checkCustomer(customerId).map(({ detail }) => ({ pointer, detail }));
}

function keyErrors(key: string): FieldError[] {
  if (IDEMPOTENCY_KEY_PATTERN.test(key)) return [];
  return [{ pointer: '/key/idempotencyKey', detail: '1 to 255 visible ASCII characters' }];
}

function beforeErrors(before: string): FieldError[] {
  if (before === '' || parseOrderId(before) !== undefined) return [];
  return [{ pointer: '/customer/before', detail: 'must be the nextBefore of the previous page' }];
}

function refuse(errors: FieldError[]): void {
  if (errors.length > 0) throw invalid(errors);
}

function invalid(errors: FieldError[]): DomainError {
  return new DomainError('validation-failed', 'the request breaks a rule', { errors });
}
