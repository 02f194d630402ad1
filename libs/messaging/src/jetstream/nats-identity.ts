import {
  type Authenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
  nkeys,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import type { RenewedFile, Secret } from '@orders/service';
import type { NatsUrl } from './nats-url.js';

/** A user of NATS, as a client proves to be it. */
export interface NatsProof {
  /** For messages: `user "orders"`. */
  readonly who: string;
  readonly authenticator: Authenticator;
}

/** The parts of the config that tell as whom to connect; at most one of them does. */
export interface NatsUserValues {
  readonly natsUrl: NatsUrl;
  readonly natsUser?: string | undefined;
  readonly natsPassword?: Secret | undefined;
  readonly natsToken?: Secret | undefined;
  readonly natsNkeySeedFile?: RenewedFile<NatsProof> | undefined;
  readonly natsCredsFile?: RenewedFile<NatsProof> | undefined;
}

/**
 * As whom to connect now.
 *
 * @returns undefined when nothing tells it: the client's certificate may, or the server asks nobody
 */
export function natsProof(values: NatsUserValues): NatsProof | undefined {
  const { natsUrl, natsUser, natsPassword, natsToken, natsNkeySeedFile, natsCredsFile } = values;
  const file = natsNkeySeedFile ?? natsCredsFile;
  if (file) return file.current;
  if (natsToken) return tokenProof(natsToken);
  if (natsUser !== undefined && natsPassword) return passwordProof(natsUser, natsPassword);
  const { user } = natsUrl;
  if (!user) return undefined;
  return 'token' in user ? tokenProof(user.token) : passwordProof(user.user, user.password);
}

/** @throws {Error} with a reason that follows the name of the file */
export function seedProof(text: string): NatsProof {
  const seed = seedOf(text.trim());
  return { who: `nkey ${seed.publicKey}`, authenticator: nkeyAuthenticator(seed.bytes) };
}

const CREDS_BLOCK = /-{3,}\s*BEGIN ([A-Z ]+?)\s*-{3,}\s+(\S+)\s+-{3,}\s*END \1\s*-{3,}/g;

/** @throws {Error} with a reason that follows the name of the file */
export function credsProof(text: string): NatsProof {
  const blocks = new Map([...text.matchAll(CREDS_BLOCK)].map(([, label, content]) => [label, content]));
  const jwt = blocks.get('NATS USER JWT');
  const seed = blocks.get('USER NKEY SEED');
  if (jwt === undefined) throw new Error('has no user JWT');
  if (seed === undefined) throw new Error('has no user seed');
  const { bytes, publicKey } = seedOf(seed);
  const { sub, name = publicKey } = claimsOf(jwt);
  if (sub !== publicKey) throw new Error('has a seed that is not that of its JWT');
  return { who: `user "${name}"`, authenticator: jwtAuthenticator(jwt, bytes) };
}

function seedOf(text: string): { bytes: Uint8Array; publicKey: string } {
  const bytes = new TextEncoder().encode(text);
  try {
    const publicKey = nkeys.fromSeed(bytes).getPublicKey();
    if (publicKey.startsWith('U')) return { bytes, publicKey };
  } catch (cause) {
    throw new Error('has no nkey seed', { cause });
  }
  throw new Error('has a seed of another kind than a user');
}

function claimsOf(jwt: string): { sub?: string; name?: string } {
  try {
    const [, claims = ''] = jwt.split('.');
    return JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub?: string; name?: string };
  } catch (cause) {
    throw new Error('has no readable user JWT', { cause });
  }
}

function tokenProof(token: Secret): NatsProof {
  return { who: 'the token', authenticator: tokenAuthenticator(token.reveal()) };
}

function passwordProof(user: string, password: Secret): NatsProof {
  return { who: `user "${user}"`, authenticator: usernamePasswordAuthenticator(user, password.reveal()) };
}
