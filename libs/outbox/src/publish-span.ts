import { SpanKind, type Span } from '@opentelemetry/api';
import { currentTraceparent, isSampled, tracingIsOn, withSpan } from '@orders/instrumentation';
import type { Message } from '@orders/messaging';

/**
 * Publishes inside a PRODUCER span under the one that recorded the event; the message carries its context on.
 * Without tracing, or where nobody records the trace, the message goes out as it was stored.
 */
export function inPublishSpan<T>(message: Message, publish: (traced: Message) => Promise<T>): Promise<T> {
  const parent = message.headers['traceparent'];
  if (!tracingIsOn() || (parent !== undefined && !isSampled(parent))) return publish(message);
  const attributes = {
    'messaging.system': 'nats',
    'messaging.operation.type': 'send',
    'messaging.destination.name': message.subject,
    'messaging.message.id': message.id,
  };
  return withSpan(
    `publish ${message.subject}`,
    { kind: SpanKind.PRODUCER, attributes, ...(parent ? { parent } : {}) },
    (span) => publish(traced(message, span)),
  );
}

function traced(message: Message, span: Span): Message {
  if (!span.isRecording()) return message;
  return { ...message, headers: { ...message.headers, traceparent: currentTraceparent() } };
}
