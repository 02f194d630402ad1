import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { DomainError } from '@orders/contracts';
import { createLogger, currentContext, metricsText } from '@orders/instrumentation';
import { defer, lastValueFrom, type Observable } from 'rxjs';
import { RpcEdge } from './rpc-edge.js';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function edge() {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger(
    { name: 'orders', level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return { edge: new RpcEdge(logger), lines };
}

function call(path: string, entries: Record<string, string> = {}): ExecutionContext {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  const args = [{}, metadata, { getPath: () => path }];
  return { getArgByIndex: (index: number) => args[index] } as unknown as ExecutionContext;
}

const handler = (run: () => Promise<unknown>): CallHandler => ({
  handle: (): Observable<unknown> => defer(run),
});

describe('a call', () => {
  it('runs in the context of its metadata, and is logged and measured', async () => {
    const { edge: rpc, lines } = edge();
    const metadata = { 'x-request-id': 'r', 'x-correlation-id': 'c', traceparent: TRACE };
    const inside = handler(async () => currentContext());
    const context = await lastValueFrom(rpc.intercept(call('/orders.v1.Orders/GetOrder', metadata), inside));
    expect(context).toMatchObject({ requestId: 'r', correlationId: 'c', traceparent: TRACE });
    expect(lines).toMatchObject([
      { level: 30, rpc: '/orders.v1.Orders/GetOrder', code: 'OK', requestId: 'r' },
    ]);
    expect(await metricsText()).toMatch(
      /rpc_server_duration_seconds_count\{rpc_service="orders.v1.Orders",rpc_method="GetOrder",rpc_grpc_status_code="0"\} 1/,
    );
  });

  it('fails with the detail of a DomainError; a bug is hidden from the caller and logged as an error', async () => {
    const { edge: rpc, lines } = edge();
    const rule = handler(() => Promise.reject(new DomainError('order-not-found', 'none')));
    await expect(lastValueFrom(rpc.intercept(call('/s/A'), rule))).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: 'none',
    });
    const bug = handler(() => Promise.reject(new Error('secret of the inside')));
    await expect(lastValueFrom(rpc.intercept(call('/s/B'), bug))).rejects.toMatchObject({
      code: status.INTERNAL,
      details: expect.not.stringContaining('secret'),
    });
    expect(lines).toMatchObject([
      { level: 30, problem: 'order-not-found' },
      { level: 50, err: { message: 'secret of the inside' } },
    ]);
  });

  it('has its error mapped once, although interceptor and filter both get it', async () => {
    const { edge: rpc } = edge();
    const failing = handler(() => Promise.reject(new DomainError('unavailable', 'later')));
    const mapped: unknown = await lastValueFrom(rpc.intercept(call('/s/C'), failing)).catch(
      (error: unknown) => error,
    );
    await expect(lastValueFrom(rpc.catch(mapped))).rejects.toBe(mapped);
    await expect(lastValueFrom(rpc.catch(new Error('guard')))).rejects.toMatchObject({
      code: status.INTERNAL,
    });
  });
});
