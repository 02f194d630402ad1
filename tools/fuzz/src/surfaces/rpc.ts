import { readFileSync } from 'node:fs';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { CreateOrdersResponse, Order } from '@orders/rpc/orders-v1';
import { cases, type Surface } from '../surface.ts';
import type { SystemUnderFuzz } from '../system-under-fuzz.ts';
import { calls, type Call } from './rpc-values.ts';

/** Statuses that a caller of orders.v1 can act on, beside OK. */
const DOCUMENTED: readonly number[] = [
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.RESOURCE_EXHAUSTED,
  status.FAILED_PRECONDITION,
  status.ABORTED,
  status.UNIMPLEMENTED,
];

const DEADLINE_MS = 60_000;

/** The port between gateway and orders: as a gateway with a bug, or another client of the network, would use it. */
export const RPC: Surface = {
  name: 'rpc',
  what: 'calls of orders.v1: valid, with hostile fields, with wrong bytes, of unknown methods',
  share: 0.1,
  open: async (sut) => {
    const { address, name, tls } = sut.orders;
    const [ca, key, cert] = [tls.ca, tls.key, tls.cert].map((file) => readFileSync(file));
    const client = new Client(address, credentials.createSsl(ca, key, cert), {
      'grpc.ssl_target_name_override': name,
    });
    return {
      check: cases(calls, async (call) => {
        const { code, details, body } = await sut.untilServed(async () => {
          const reply = await callOnce(client, call);
          return reply.code === status.UNAVAILABLE ? undefined : reply;
        });
        if (body) acknowledge(sut, call.method, body);
        else if (!isExpected(call, code, details))
          throw new Error(`${call.method}: ${status[code]} ${details}`);
      }),
      conclude: async () => {
        client.close();
        return [];
      },
    };
  },
};

interface Reply {
  code: status;
  details: string;
  /** Of a successful call. */
  body?: Buffer | undefined;
}

function callOnce(client: Client, { method, message, headers }: Call): Promise<Reply> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const options = { deadline: Date.now() + DEADLINE_MS };
  const as = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) => {
    const answer = (error: ServiceError | null, body?: Buffer): void =>
      resolve(error ? { code: error.code, details: error.details } : { code: status.OK, details: '', body });
    client.makeUnaryRequest(`/orders.v1.Orders/${method}`, as, as, message, metadata, options, answer);
  });
}

/** INTERNAL is the word of gRPC's own server for bytes that are no message of the method; otherwise it is a bug of ours. */
function isExpected({ isMessage }: Call, code: status, details: string): boolean {
  if (DOCUMENTED.includes(code)) return true;
  return code === status.INTERNAL && !isMessage && details.startsWith('Error deserializing request');
}

function acknowledge(sut: SystemUnderFuzz, method: string, body: Buffer): void {
  if (method === 'CreateOrder') sut.ledger.acknowledge(Order.decode(body).id);
  if (method !== 'CreateOrders') return;
  for (const { outcome } of CreateOrdersResponse.decode(body).results) {
    if (outcome?.$case === 'order') sut.ledger.acknowledge(outcome.value.id);
    else if (![...DOCUMENTED, status.UNAVAILABLE].includes(outcome?.value.status ?? -1))
      throw new Error(`an order of a batch: ${JSON.stringify(outcome?.value)}`);
  }
}
