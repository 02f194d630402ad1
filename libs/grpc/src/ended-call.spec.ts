import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { expect, it } from '@jest/globals';
import { once } from 'node:events';
import { constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { fromServiceError } from './service-error.js';

/** What a call fails with whose stream ends before there is a status, as on a TLS connection that is reset. */
async function failureOfEndedCall(): Promise<ServiceError> {
  const server = createServer();
  server.on('stream', (stream) => stream.close(constants.NGHTTP2_NO_ERROR));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new Client(address, credentials.createInsecure());
  const { promise, resolve } = Promise.withResolvers<ServiceError>();
  const text = (value: Buffer) => value;
  client.makeUnaryRequest('/test.Echo/Echo', text, text, Buffer.from(''), (error) => resolve(error!));
  return promise.finally(() => {
    client.close();
    server.close();
  });
}

it('a call that ended without a status was no bug of the upstream: it may be repeated', async () => {
  const error = fromServiceError(await failureOfEndedCall());
  expect(error).toMatchObject({ code: 'unavailable', cause: { code: status.UNAVAILABLE } });
});
