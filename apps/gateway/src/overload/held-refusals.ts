import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { Pace } from '@orders/resilience';

/** A whole answer, made once. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HoldOptions {
  /** How long a refusal waits before it is sent, in ms. */
  holdMs: number;
  /** Refusals to all connections together in a second; what is beyond waits longer. */
  perSecond: number;
}

/** Four a second for a connection; what they cost together is a few per cent of this process. */
const DEFAULTS: HoldOptions = { holdMs: 250, perSecond: 1_000 };

/** A connection that has asked more often meanwhile is ended after so many waits: 4 s, if the pace allows it. */
const MOST_WAITS = 16;

interface Held {
  readonly refusal: Refusal;
  /** More than one for a client that pipelines. */
  readonly responses: ServerResponse[];
  /** How many of them have been waited for. */
  waited: number;
}

/**
 * Bounds what refusing costs, however many connections ask however often. Whoever asks again when it is answered is
 * slowed down by waiting; whoever does not wait for answers is no longer read from, and slowed down by TCP.
 */
export class HeldRefusals {
  private readonly pace: Pace;
  private readonly bySocket = new WeakMap<Socket, Held>();

  constructor(private readonly options = DEFAULTS) {
    this.pace = new Pace(options.perSecond);
  }

  /** What awaits the client of this connection: it comes before the answer to whatever is pipelined behind it. */
  on(socket: Socket): Refusal | undefined {
    return this.bySocket.get(socket)?.refusal;
  }

  /** A connection waits as often as it has asked, then gets all its answers; too often, and it is ended. */
  add(refusal: Refusal, response: ServerResponse, socket: Socket): void {
    // Not now: at the end of each request Node reads on by itself.
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
