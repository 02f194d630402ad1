import { bytes, certificatesIn, count, milliseconds, RenewedFile, Secret } from '@orders/service';
import { z } from 'zod';
import { credsProof, type NatsUserValues, seedProof } from './nats-identity.js';
import { type NatsUrl, parseNatsUrl } from './nats-url.js';
import { DEFAULT_STREAM_SETTINGS, STREAM_MAX_AGE_RANGE_MS, type StreamSettings } from './stream-settings.js';

/**
 * The settings of an app that uses NATS: `baseConfig.extend({ ...natsConfig }).superRefine(oneNatsUser)`. A file is read at
 * once, and {@link renewFiles} takes other content into use from the next connect on.
 */
export const natsConfig = {
  NATS_URL: parsed(parseNatsUrl),
  NATS_USER: z.string().optional(),
  NATS_PASSWORD: secret().optional(),
  NATS_TOKEN: secret().optional(),
  /** The seed of a user nkey: `SU…`. */
  NATS_NKEY_SEED_FILE: file('NATS_NKEY_SEED_FILE', seedProof).optional(),
  /** A user JWT with its seed, as nsc writes it. */
  NATS_CREDS_FILE: file('NATS_CREDS_FILE', credsProof).optional(),
  /** PEM: the CAs of the servers. Like `tls://`, it demands TLS. Default: those of TLS_CA_FILE, else those of Node. */
  NATS_CA_FILE: file('NATS_CA_FILE', caText).optional(),
};

/** The parsed {@link natsConfig}. */
export interface NatsConfigValues extends NatsUserValues {
  readonly natsCaFile?: RenewedFile<string> | undefined;
}

/** Refuses a config in which more than one variable tells as whom to connect, or a user without a password. */
export function oneNatsUser(
  values: { readonly [K in keyof typeof natsConfig]?: unknown } & { readonly NATS_URL: NatsUrl },
  context: z.RefinementCtx,
): void {
  const refuse = (variable: keyof typeof natsConfig, message: string) =>
    context.addIssue({ code: 'custom', path: [variable], message });
  const kinds = (['NATS_USER', 'NATS_TOKEN', 'NATS_NKEY_SEED_FILE', 'NATS_CREDS_FILE'] as const).filter(
    (variable) => values[variable] !== undefined,
  );
  const all = [...(values.NATS_URL.user ? (['NATS_URL'] as const) : []), ...kinds];
  if (all.length > 1) refuse(all[1]!, `the user is given twice: ${all.join(' and ')}`);
  if (values.NATS_USER !== undefined && values.NATS_PASSWORD === undefined)
    refuse('NATS_PASSWORD', 'is required with NATS_USER');
  if (values.NATS_USER === undefined && values.NATS_PASSWORD !== undefined)
    refuse('NATS_USER', 'is required with NATS_PASSWORD');
}

function secret() {
  return z.string().transform((text) => new Secret(text));
}

function file<T>(variable: string, parse: (text: string) => T) {
  return parsed((path) => new RenewedFile({ variable, path, parse }));
}

/** A variable whose text `parse` reads. The message of what it throws becomes the problem of the variable. */
function parsed<T>(parse: (text: string) => T) {
  return z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });
}

/** @throws {Error} with a reason that follows the name of the file */
function caText(text: string): string {
  certificatesIn(text);
  return text;
}

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
