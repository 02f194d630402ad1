import type { ChannelCredentials } from '@grpc/grpc-js';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { BoundedLog } from './tls/bounded-log.js';

type Connect = ReturnType<ChannelCredentials['_createSecureConnector']>['connect'];

/** Longest time after connecting without a byte from the peer, and for a TLS handshake, in ms. */
const SILENCE_MS = 3_000;

const SILENT = 'the peer accepted the connection and sent nothing';

/** The shortest frame of HTTP/2, plain and in a TLS 1.3 record. An alert of TLS is shorter. */
const FRAME_BYTES = { plain: 9, secure: 31 };

/** Why a connection failed: a code with few values, and more for people. */
interface Failure {
  reason: string;
  detail: string;
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
  let connected: { secure: boolean; bytesRead: number } | undefined;
  const timer = setTimeout(() => {
    if (connected && socket.bytesRead > connected.bytesRead) return;
    ended.reject(new Error(SILENT));
    socket.destroy();
  }, SILENCE_MS).unref();
  socket.once('close', () => {
    clearTimeout(timer);
    ended.reject(new Error('the peer ended the connection during the handshake'));
    if (
      connected &&
      socket.bytesRead - connected.bytesRead < FRAME_BYTES[connected.secure ? 'secure' : 'plain']
    )
      report(peer, goneBeforeHttp2(connected.secure));
  });
  try {
    const result = await Promise.race([connect(socket), ended.promise]);
    connected = { secure: result.secure, bytesRead: socket.bytesRead };
    return result;
  } catch (error) {
    const { code = 'NO_HANDSHAKE', message } = error as NodeJS.ErrnoException;
    report(peer, { reason: code, detail: message });
    throw error;
  }
}

function goneBeforeHttp2(secure: boolean): Failure {
  const why = secure ? 'it may not accept our certificate' : 'it may expect TLS';
  return { reason: 'NO_HTTP2', detail: `the connection ended before HTTP/2 began: ${why}` };
}
