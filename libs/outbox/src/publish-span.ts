import { SpanKind, type Span } from '@opentelemetry/api';
import { currentTraceparent, isSampled, tracingIsOn, withSpan } from '@orders/instrumentation';
import type { Message } from '@orders/messaging';

/**
 * Publishes inside a PRODUCER span, a child of the span that recorded the event. The message carries the context of the
 * new span. Without tracing, or when the trace is not sampled, the message is published as it was stored.
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
