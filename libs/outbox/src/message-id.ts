import { randomUUID } from 'node:crypto';

/** Separates the id of an event from what makes its message id a fresh one. No UUID has it. */
const SEPARATOR = '~';

/** An id that no stream has seen, for a message of this event. Consumers identify the event by its `ce-id`. */
export function freshMessageId(eventId: string): string {
  return `${eventId}${SEPARATOR}${randomUUID()}`;
}

/** The id of the event that the relay published under this message id. */
export function eventIdOf(messageId: string): string {
  return messageId.split(SEPARATOR, 1)[0]!;
}
