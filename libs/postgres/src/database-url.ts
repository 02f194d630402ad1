import { certificatesIn, RenewedFile, Secret } from '@orders/service';
import { z } from 'zod';

/** Scheme and credentials, hosts, path, parameters. */
const PARTS = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^@/?#]*)([^?#]*)\??(.*)$/;

/** Each value is what it may be; undefined = anything. */
const PARAMETERS: Readonly<Record<string, readonly string[] | undefined>> = {
  host: undefined,
  port: undefined,
  user: undefined,
  password: undefined,
  sslmode: ['disable', 'require', 'verify-ca', 'verify-full'],
  sslrootcert: undefined,
  sslnegotiation: ['postgres', 'direct'],
  // Every app writes: it needs the host that takes writes, and no other.
  target_session_attrs: ['read-write', 'primary'],
};

/** Parameters of other clients, and what to use instead of them. */
const INSTEAD: Readonly<Record<string, string>> = {
  ssl: 'use sslmode',
  uselibpqcompat: 'sslmode means what it means to libpq',
  sslcert: 'the client certificate is that of TLS_CERT_FILE',
  sslkey: 'the key is that of TLS_KEY_FILE',
};

/** Parameters of libpq, pg and others that people use: only these are named, since another one may be part of a password. */
const KNOWN: ReadonlySet<string> = new Set([
  ...[
    'application_name',
    'client_encoding',
    'connect_timeout',
    'dbname',
    'fallback_application_name',
    'hostaddr',
  ],
  ...[
    'keepalives',
    'keepalives_count',
    'keepalives_idle',
    'keepalives_interval',
    'load_balance_hosts',
    'options',
  ],
  ...[
    'statement_timeout',
    'lock_timeout',
    'query_timeout',
    'idle_in_transaction_session_timeout',
    'tcp_user_timeout',
  ],
  ...[
    'gssencmode',
    'channel_binding',
    'require_auth',
    'requirepeer',
    'replication',
    'passfile',
    'service',
    'schema',
  ],
  ...[
    'sslcompression',
    'sslcrl',
    'sslcrldir',
    'sslsni',
    'sslpassword',
    'sslcertmode',
    'ssl_min_protocol_version',
  ],
  ...['ssl_max_protocol_version', 'max', 'min', 'encoding', 'pgbouncer', 'pool_timeout', 'connection_limit'],
]);

/** For pg, which would let them win over our own. */
const NOT_FOR_PG = ['sslmode', 'sslrootcert', 'sslnegotiation', 'target_session_attrs'];

/** What a URL says about TLS. */
export interface TlsDemand {
  /** As libpq means it; undefined = the URL does not say. */
  readonly mode?: 'disable' | 'require' | 'verify-ca' | 'verify-full' | undefined;
  /** The file with the CA, or `system`. */
  readonly rootCertificate?: string | undefined;
  /** `direct` begins with the handshake, as Postgres 17 and newer can. */
  readonly negotiation: 'postgres' | 'direct';
}

export interface ParsedDatabaseUrl {
  /** A URL for each host, in their order: one unless it lists several. */
  readonly hosts: readonly [string, ...string[]];
  readonly tls: TlsDemand;
}

/** The URL of a database, with the file of CAs that it names. */
export class DatabaseUrl extends Secret {
  /** undefined when the URL has no `sslrootcert`, or `system`. */
  readonly rootCertificates: RenewedFile<string> | undefined;

  /**
   * @param variable that has the URL, for messages about the file
   * @throws {Error} with the file and the reason when it cannot be used
   */
  constructor(text: string, variable: string) {
    super(text);
    const { rootCertificate: path = 'system' } = parseDatabaseUrl(text).tls;
    const parse = (pem: string) => certificatesIn(pem) && pem;
    this.rootCertificates = path === 'system' ? undefined : new RenewedFile({ variable, path, parse });
  }
}

/**
 * Config variable for the URL of a database. It may have several hosts, as libpq takes them:
 * `postgres://user:password@a:5432,b:5432/db?target_session_attrs=read-write`.
 *
 * Parameters that would replace what the app sets itself, such as timeouts, are refused by their names. The file of
 * `sslrootcert` must be there; `renewFiles` takes other content of it into use.
 *
 * @param variable the name of the variable, for messages about that file
 */
export function databaseUrl(variable = 'DATABASE_URL') {
  return z
    .string()
    .superRefine((text, context) => {
      const problem = problemOf(text);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .transform((text, context) => {
      try {
        return new DatabaseUrl(text, variable);
      } catch (error) {
        context.addIssue({ code: 'custom', message: `sslrootcert ${(error as Error).message}` });
        return z.NEVER;
      }
    });
}

/** @param text that {@link databaseUrl} has accepted */
export function parseDatabaseUrl(text: string): ParsedDatabaseUrl {
  const { urlOf, hosts, parameters } = partsOf(text);
  const { host, sslmode, sslrootcert, sslnegotiation = 'postgres' } = Object.fromEntries(parameters);
  // As libpq does: Postgres has no TLS on sockets of the machine.
  const mode = host?.startsWith('/') ? 'disable' : sslmode;
  const tls = { mode, rootCertificate: sslrootcert, negotiation: sslnegotiation } as TlsDemand;
  for (const name of NOT_FOR_PG) parameters.delete(name);
  return { hosts: hosts.map(urlOf) as [string, ...string[]], tls };
}

function partsOf(text: string) {
  const [, before = '', hosts = '', path = '', query = ''] = PARTS.exec(text) ?? [];
  const parameters = new URLSearchParams(query);
  const urlOf = (host: string) =>
    `${before}${host}${path}${parameters.size > 0 ? `?${parameters.toString()}` : ''}`;
  return { hosts: hosts.split(','), parameters, urlOf };
}

function problemOf(text: string): string | undefined {
  const { hosts, parameters, urlOf } = partsOf(text);
  const urls = hosts.map(urlOf);
  if (!urls.every((url) => URL.canParse(url))) return 'must be a URL of postgres:// or postgresql://';
  if (urls.length > 1 && urls.some((url) => new URL(url).hostname === '')) return 'has an empty host';
  if (!isDecodable(text)) return 'has a % that begins no percent-encoding';
  for (const [name, value] of parameters) {
    const problem = problemOfParameter(name, value) ?? repetition(name, parameters);
    if (problem !== undefined) return problem;
  }
  return problemOfTls(parseDatabaseUrl(text).tls);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function problemOfParameter(name: string, value: string): string | undefined {
  if (!Object.hasOwn(PARAMETERS, name)) return unwanted(name);
  const allowed = PARAMETERS[name];
  if (allowed === undefined || allowed.includes(value)) return undefined;
  return `has ${name}=${value}, which must be ${allowed.join(' or ')}`;
}

function unwanted(name: string): string {
  const instead = INSTEAD[name] ?? (KNOWN.has(name) ? 'the app sets it itself or ignores it' : undefined);
  if (instead !== undefined) return `must not have the parameter ${name}: ${instead}`;
  return 'has an unknown parameter: percent-encode the ?, & and @ of a password';
}

function repetition(name: string, parameters: URLSearchParams): string | undefined {
  return parameters.getAll(name).length > 1 ? `has the parameter ${name} more than once` : undefined;
}

function problemOfTls({ mode, rootCertificate, negotiation }: TlsDemand): string | undefined {
  if (negotiation === 'direct' && (mode === undefined || mode === 'disable'))
    return 'has sslnegotiation=direct, which needs an sslmode other than disable';
  if (rootCertificate === 'system' && mode !== 'verify-full')
    return 'has sslrootcert=system, which needs sslmode=verify-full';
  return undefined;
}
