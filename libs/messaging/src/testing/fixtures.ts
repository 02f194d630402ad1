import type { nkeys } from '@nats-io/transport-node';
import { randomBytes } from 'node:crypto';
import { type EventContext, toMessage } from '../cloud-event.js';
import { firstUuidV7 } from '../event-id.js';
import type { NatsConfigValues } from '../jetstream/nats-config.js';
import { parseNatsUrl } from '../jetstream/nats-url.js';
import type { Log } from '../log.js';
import type { Delivery, EventSource, Message } from '../message.js';

/** A logger that records its lines. */
export function recordingLog(): Log & { lines: { level: string; message: string }[] } {
  const lines: { level: string; message: string }[] = [];
  const at = (level: string) => (_fields: object, message: string) => void lines.push({ level, message });
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

/** The config of a client of the servers that a URL names. */
export function natsAt(url: string): NatsConfigValues {
  return { natsUrl: parseNatsUrl(url) };
}

export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** A UUIDv7 with the current time. */
export function newEventId(): string {
  return firstUuidV7(new Date()).slice(0, 24) + randomBytes(6).toString('hex');
}

/** A well-formed event. `context` overrides its attributes. */
export function someEvent(context: Partial<EventContext> = {}, data: unknown = { n: 1 }): Message {
  return toMessage(
    {
      id: newEventId(),
      source: 'urn:service:test',
      type: 'things.made',
      subject: 'thing-1',
      time: new Date('2026-01-02T03:04:05.678Z'),
      dataschema: 'urn:schema:things.made:v1',
      sequence: 1,
      correlationId: 'request-1',
      traceparent: TRACEPARENT,
      ...context,
    },
    data,
  );
}

/** Reads until at least `count` deliveries have arrived, calls `settle` with each of them, and stops reading. */
export async function take(
  source: EventSource,
  count: number,
  settle: (delivery: Delivery) => void = (delivery) => delivery.ack(),
): Promise<Delivery[]> {
  const stop = new AbortController();
  const taken: Delivery[] = [];
  for await (const batch of source.batches(16, stop.signal)) {
    for (const delivery of batch) {
      taken.push(delivery);
      settle(delivery);
    }
    if (taken.length >= count) stop.abort();
  }
  return taken;
}

/** The seed of a key pair, as text. */
export function seedOf(pair: nkeys.KeyPair): string {
  return new TextDecoder().decode((pair as unknown as { getSeed(): Uint8Array }).getSeed());
}

/** A JWT of NATS about `subject`, signed by `issuer`. */
export function signedJwt(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, nats: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    ...{ jti: 'id', iat: 1_760_000_000, iss: issuer.getPublicKey(), sub: subject.getPublicKey() },
    ...{ name: 'orders', nats: { version: 2, ...nats } },
  };
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(claims)}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}

/** A creds file as nsc writes it. Without `account` no server trusts it. */
export function credsOf(user: nkeys.KeyPair, account = user): string {
  const limits = { subs: -1, data: -1, payload: -1 };
  return `-----BEGIN NATS USER JWT-----
${signedJwt(account, user, { type: 'user', pub: {}, sub: {}, ...limits })}
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.

-----BEGIN USER NKEY SEED-----
${seedOf(user)}
------END USER NKEY SEED------
`;
}
