import { bytes, count, milliseconds, secretUrls } from '@orders/service';
import { z } from 'zod';
import { DEFAULT_STREAM_SETTINGS, STREAM_MAX_AGE_RANGE_MS, type StreamSettings } from './stream-settings.js';

/** The settings of an app that uses NATS: `baseConfig.extend({ ...natsConfig })`. */
export const natsConfig = { NATS_URL: secretUrls('nats', 'tls') };

/** The settings of an app that publishes events: it creates their stream. {@link streamSettings} reads them. */
export const streamConfig = {
  NATS_STREAM_REPLICAS: count(1, DEFAULT_STREAM_SETTINGS.replicas, 5),
  NATS_STREAM_MAX_BYTES: bytes().optional(),
  NATS_STREAM_MAX_AGE_MS: milliseconds(DEFAULT_STREAM_SETTINGS.maxAgeMs, STREAM_MAX_AGE_RANGE_MS),
  NATS_STREAM_PLACEMENT_CLUSTER: z.string().optional(),
  /** Separated by commas. A server that stores the stream must have all of them. */
  NATS_STREAM_PLACEMENT_TAGS: z.string().optional(),
};

/** The parsed {@link streamConfig}. */
export interface StreamConfigValues {
  readonly natsStreamReplicas: number;
  readonly natsStreamMaxBytes?: number | undefined;
  readonly natsStreamMaxAgeMs: number;
  readonly natsStreamPlacementCluster?: string | undefined;
  readonly natsStreamPlacementTags?: string | undefined;
}

/** The settings of the stream that a config declares. */
export function streamSettings(config: StreamConfigValues): StreamSettings {
  const { natsStreamPlacementCluster: cluster = '', natsStreamPlacementTags = '' } = config;
  const tags = natsStreamPlacementTags.split(',').flatMap((tag) => tag.trim() || []);
  return {
    replicas: config.natsStreamReplicas,
    maxBytes: config.natsStreamMaxBytes ?? DEFAULT_STREAM_SETTINGS.maxBytes,
    maxAgeMs: config.natsStreamMaxAgeMs,
    placement: cluster === '' && tags.length === 0 ? undefined : { cluster, tags },
  };
}
