import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';

/**
 * Answers with server-sent events: one for each item, as JSON, until the items end or the client goes away.
 *
 * @param items called with a signal that aborts when the client has gone or the service stops
 */
export function sendEvents(
  reply: FastifyReply,
  stopped: AbortSignal,
  items: (signal: AbortSignal) => AsyncIterable<unknown>,
): void {
  const gone = new AbortController();
  reply.raw.on('close', () => gone.abort());
  const events = Readable.from(eventsOf(items(AbortSignal.any([gone.signal, stopped]))));
  void reply.type('text/event-stream; charset=utf-8').send(events);
}

async function* eventsOf(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const item of items) yield `data: ${JSON.stringify(item)}\n\n`;
}
