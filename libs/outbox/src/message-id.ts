import { randomUUID } from 'node:crypto';

/** Separates the id of an event from what makes its message id a fresh one. No UUID has it. */
const SEPARATOR = '~';

/** An id that no stream has seen, for a message of this event. Consumers identify the event by its `ce-id`. */
export function freshMessageId(eventId: string): string {
  return `${eventId}${SEPARATOR}${randomUUID()}`;
}

/**
 * The id for the message of this event in one replay. It is none of the relay's: when a replay fills the place of events
 * that the stream has lost, the relay sees the loss by it.
 */
export function replayMessageId(eventId: string, run: string): string {
  return `${eventId}/${run}`;
}

/** The id of the event that the relay published under this message id. */
export function eventIdOf(messageId: string): string {
  return messageId.split(SEPARATOR, 1)[0]!;
}
