import {
  credentials,
  makeClientConstructor,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  status,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, withSpan } from '@orders/instrumentation';
import { type RecordedSpans, recordSpans } from '@orders/instrumentation/testing';
import { traceCalls } from './rpc-span.js';

const text = { serialize: (value: string) => Buffer.from(value), deserialize: String };
const METHODS = {
  Echo: {
    path: '/test.Echo/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: text.serialize,
    requestDeserialize: text.deserialize,
    responseSerialize: text.serialize,
    responseDeserialize: text.deserialize,
  },
} as const;

let spans: RecordedSpans;
let call: (message: string) => Promise<string>;
let server: Server;
let close: () => void;

beforeAll(async () => {
  spans = recordSpans();
  server = new Server();
  // Answers with the traceparent of the request; fails on request.
  server.addService(METHODS, {
    Echo: ({ request, metadata }: ServerUnaryCall<string, string>, answer: sendUnaryData<string>) =>
      request === 'fail'
        ? answer({ code: status.NOT_FOUND, details: 'none' })
        : answer(null, String(metadata.get('traceparent')[0])),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const Client = makeClientConstructor(METHODS, 'Echo');
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    interceptors: [traceCalls],
  });
  call = (message) =>
    new Promise((resolve, reject) =>
      client['Echo']!(message, (error: unknown, value: string) => (error ? reject(error) : resolve(value))),
    );
  close = () => client.close();
});
beforeEach(() => spans.reset());
afterAll(() => {
  close();
  server.forceShutdown();
  spans.stop();
});

describe('a call', () => {
  it('of a recorded trace has a span, and sends its traceparent', async () => {
    const received = await withSpan('request', { parent: '' }, () => call('hello'));
    const [client, request] = spans.ended();
    expect(client).toMatchObject({
      name: 'test.Echo/Echo',
      kind: SpanKind.CLIENT,
      attributes: { 'rpc.service': 'test.Echo', 'rpc.method': 'Echo', 'rpc.grpc.status_code': 0 },
    });
    expect(client?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(received).toContain(client?.spanContext().spanId);
  });

  it('that fails has a failed span', async () => {
    await expect(withSpan('request', { parent: '' }, () => call('fail'))).rejects.toThrow('none');
    expect(spans.ended()[0]).toMatchObject({
      status: { code: 2 },
      attributes: { 'rpc.grpc.status_code': 5 },
    });
  });

  it('outside of a trace has no span', async () => {
    expect(await call('hello')).toBe('undefined');
    expect(spans.ended()).toEqual([]);
  });
});
