import type { Log } from '../log.js';
import type { NatsLink } from './nats-link.js';
import type { StreamSpec } from './stream.js';
import { StreamCheck } from './stream-check.js';
import { declaredConfig, type StreamSettings } from './stream-settings.js';

/** A stream with all that its producer declares about it. */
export type DeclaredStream = Required<StreamSpec>;

export interface DeclaredStreamOptions {
  readonly stream: Pick<StreamSpec, 'name' | 'subjects'>;
  readonly settings: StreamSettings;
  readonly link: NatsLink;
  readonly logger: Log;
}

/** The stream for a {@link JetStreamPublisher}, which then publishes only while the stream keeps the delivery promise. */
export function declaredStream({ stream, settings, link, logger }: DeclaredStreamOptions): DeclaredStream {
  const declared = declaredConfig(stream.subjects, settings);
  return { ...stream, settings, check: new StreamCheck({ declared, link, logger }) };
}
