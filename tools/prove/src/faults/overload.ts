import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { SystemUnderProof } from '../system-under-proof.ts';
import type { Fault } from './fault.ts';

/** Requests of the noisy customer in flight: more than a gateway serves at a time. They run in the process of the proof. */
const REQUESTS = 120;
/** Pause of the noisy customer after an answer, in ms. */
const PAUSE_MS = 20;
/** Connections that never finish their first request. */
const CONNECTIONS = 200;

/** Faults of customers who ask for more than their share. Nobody else may be locked out. */
export const OVERLOAD_FAULTS: readonly Fault[] = [
  {
    name: 'noisy customer',
    targets: ['gateway'],
    durationMs: [500, 4_000],
    component: () => 'customers',
    begin: async (sut) => {
      const authorization = `Bearer ${await sut.system.token('noisy')}`;
      const over = new AbortController();
      const reading = Array.from({ length: REQUESTS }, () => readOn(sut, authorization, over.signal));
      return async () => {
        over.abort();
        await Promise.all(reading);
      };
    },
  },
  {
    name: 'slow connections',
    targets: ['gateway'],
    durationMs: [500, 4_000],
    component: () => 'customers',
    begin: async ({ api }) => {
      const sockets = Array.from({ length: CONNECTIONS }, () => halfRequest(api));
      return async () => sockets.forEach((socket) => socket.destroy());
    },
  },
];

async function readOn({ api }: SystemUnderProof, authorization: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await fetch(`${api}/orders?limit=100`, { headers: { authorization }, signal })
      .then((response) => response.arrayBuffer())
      .catch(() => undefined);
    await delay(PAUSE_MS);
  }
}

function halfRequest(api: string): Socket {
  const { hostname, port } = new URL(api);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write('POST /orders HTTP/1.1\r\nhost: gateway\r\n');
  return socket;
}
