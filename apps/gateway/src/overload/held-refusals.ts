import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { Pace } from '@orders/resilience';

/** A complete answer, built once and sent many times. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HoldOptions {
  /** How long a refusal is held before it is sent, in ms. */
  holdMs: number;
  /** Largest number of refusals sent per second, over all connections; further ones are held longer. */
  perSecond: number;
}

/** At most four a second for a connection; all together cost a few per cent of the process's CPU. */
const DEFAULTS: HoldOptions = { holdMs: 250, perSecond: 1_000 };

/** Largest number of refusals held for one connection. One with more is closed after as many holds, 4 s or more. */
const MOST_WAITS = 16;

interface Held {
  readonly refusal: Refusal;
  /** More than one when the client pipelines. */
  readonly responses: ServerResponse[];
  /** How many holds have passed. */
  waited: number;
}

/**
 * Bounds the CPU that refusals cost, for any number of connections and requests. Holding an answer slows down a client
 * that waits for it. A client that pipelines is not read from meanwhile, so TCP slows it down.
 */
export class HeldRefusals {
  private readonly pace: Pace;
  private readonly bySocket = new WeakMap<Socket, Held>();

  constructor(private readonly options = DEFAULTS) {
    this.pace = new Pace(options.perSecond);
  }

  /** The refusal held for this connection, if any. It must be sent before answers to later requests. */
  on(socket: Socket): Refusal | undefined {
    return this.bySocket.get(socket)?.refusal;
  }

  /** Holds one answer for each request of the connection, then sends all; closes the connection if there are too many. */
  add(refusal: Refusal, response: ServerResponse, socket: Socket): void {
    // Not now: Node resumes reading at the end of each request.
    setImmediate(() => socket.pause());
    const before = this.bySocket.get(socket);
    if (before) {
      before.responses.push(response);
      return;
    }
    const held = { refusal, responses: [response], waited: 0 };
    this.bySocket.set(socket, held);
    this.wait(socket, held);
  }

  private wait(socket: Socket, held: Held): void {
    const waitMs = this.options.holdMs + this.pace.reserve(1);
    setTimeout(() => {
      held.waited += 1;
      const isOver = held.waited === Math.min(held.responses.length, MOST_WAITS) || socket.destroyed;
      if (isOver) this.send(socket, held);
      else this.wait(socket, held);
    }, waitMs);
  }

  private send(socket: Socket, { refusal, responses }: Held): void {
    this.bySocket.delete(socket);
    if (socket.destroyed) return;
    const { status, headers, body } = refusal;
    if (responses.length > MOST_WAITS) {
      responses[0]!.writeHead(status, { ...headers, connection: 'close' }).end(body);
      return;
    }
    for (const response of responses) response.writeHead(status, headers).end(body);
    socket.resume();
  }
}
