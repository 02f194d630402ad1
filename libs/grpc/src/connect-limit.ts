import type { ChannelCredentials } from '@grpc/grpc-js';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { BoundedLog } from './bounded-log.js';

type Connect = ReturnType<ChannelCredentials['_createSecureConnector']>['connect'];

/** Longest time after connecting without a byte from the peer, and for a TLS handshake, in ms. */
const SILENCE_MS = 3_000;

/** The shortest frame of HTTP/2, plain and in a TLS 1.3 record. An alert of TLS is shorter. */
const FRAME_BYTES = { plain: 9, secure: 31 };

/** Why a connection failed: a code with few values, and more for people. */
interface Failure {
  reason: string;
  detail: string;
}

const NO_ANSWER: Failure = {
  reason: 'NO_ANSWER',
  detail: 'the peer accepted the connection and did not answer within 3 s',
};

/** A connection on which HTTP/2 may begin. */
interface Connected {
  secure: boolean;
  /** Bytes that it had received by then. */
  bytesRead: number;
  /** Of the shortest frame. */
  frameBytes: number;
}

/** Called for a connection that failed after TCP was connected. */
type Report = (peer: string, failure: Failure) => void;

/**
 * Makes a channel close connections whose peer accepts them and sends nothing for 3 s, as the kernel does for a frozen
 * process, or does not end the TLS handshake in that time. grpc-js itself waits for ever (grpc-node issue 2785), and with
 * another healthy replica the missing one goes unnoticed. Logs why a connection failed, at most once a second for each
 * reason: the calls themselves only fail with `Failed to connect`.
 *
 * Patches `_createSecureConnector`, which is not public: the version is pinned, and tests cover it.
 *
 * @returns the same credentials
 */
export function limitConnect(
  credentials: ChannelCredentials,
  { upstream, logger }: { upstream: string; logger: Logger },
): ChannelCredentials {
  const log = new BoundedLog();
  const report: Report = (peer, failure) =>
    log.add(failure.reason, (skipped) =>
      logger.warn(
        { upstream, peer, ...failure, ...(skipped > 0 && { skipped }) },
        'no connection to an upstream',
      ),
    );
  const create = credentials._createSecureConnector.bind(credentials);
  credentials._createSecureConnector = (...parameters) => {
    const connector = create(...parameters);
    const connect = connector.connect.bind(connector);
    connector.connect = (socket) => limited(socket, connect, report);
    return connector;
  };
  return credentials;
}

async function limited(socket: Socket, connect: Connect, report: Report): ReturnType<Connect> {
  const peer = `${socket.remoteAddress}:${socket.remotePort}`;
  const ended = Promise.withResolvers<never>();
  // It is waited for during the handshake alone.
  ended.promise.catch(() => undefined);
  let connected: Connected | undefined;
  let silent = false;
  const timer = setTimeout(() => {
    silent = !connected || socket.bytesRead === connected.bytesRead;
    if (silent) socket.destroy();
  }, SILENCE_MS).unref();
  socket.once('close', () => {
    clearTimeout(timer);
    const failure = silent ? NO_ANSWER : goneBefore(connected);
    ended.reject(Object.assign(new Error(failure.detail), { code: failure.reason }));
    if (connected && socket.bytesRead - connected.bytesRead < connected.frameBytes) report(peer, failure);
  });
  try {
    const result = await Promise.race([connect(socket), ended.promise]);
    const frameBytes = FRAME_BYTES[result.secure ? 'secure' : 'plain'];
    connected = { secure: result.secure, bytesRead: socket.bytesRead, frameBytes };
    return result;
  } catch (error) {
    const { code: reason = 'NO_HANDSHAKE', message: detail } = error as NodeJS.ErrnoException;
    report(peer, { reason, detail });
    throw error;
  }
}

function goneBefore(connected: Connected | undefined): Failure {
  if (!connected) return { reason: 'NO_HANDSHAKE', detail: 'the connection ended during the TLS handshake' };
  const why = connected.secure ? 'the peer may not accept our certificate' : 'the peer may expect TLS';
  return { reason: 'NO_HTTP2', detail: `the connection ended before HTTP/2 began: ${why}` };
}
