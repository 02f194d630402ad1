import type { Server } from '@grpc/grpc-js';
import type { Http2SecureServer, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { peerOf, type Refusals } from './refusals.js';

/** nghttp2's BAD_CLIENT_MAGIC: the first bytes of a connection are not those of HTTP/2. */
const BAD_CLIENT_MAGIC = -903;

/** What Node does not publish of a TLS socket: the TCP socket below it, and why the client's certificate is refused. */
type InnerTlsSocket = Omit<TLSSocket, 'authorizationError'> & {
  _parent?: Socket;
  authorizationError?: string | null;
};

/**
 * Reports the connections that fail at a gRPC server before their first call, which grpc-js 1.14 says nothing of: refused
 * certificates, another protocol (plaintext to TLS, TLS to plaintext), and clients that go away during the handshake or
 * right after it (`CLIENT_GONE`), as they do when they do not accept the server's certificate. A connection without a byte
 * is the probe of a load balancer and no failure.
 *
 * @param server bound to its address
 */
export function watchConnections(server: Server, refusals: Refusals): void {
  const peers = new WeakMap<Socket | ServerHttp2Session, string>();
  const add = (reason: string, peer = 'unknown') => refusals.add('connection refused', { reason, peer });
  for (const http2 of http2ServersOf(server)) {
    // A socket that is closed does not tell its peer any more.
    http2.on('connection', (socket: Socket) => peers.set(socket, peerOf(socket)));
    http2.on('tlsClientError', (error: NodeJS.ErrnoException, socket: InnerTlsSocket) => {
      const { authorizationError, _parent: inner } = socket;
      if (error.code === 'ECONNRESET' && !authorizationError && inner?.bytesRead === 0) return;
      const code = error.code === 'ECONNRESET' ? 'CLIENT_GONE' : String(error.code);
      add(authorizationError ?? code, inner && peers.get(inner));
    });
    http2.on('sessionError', ({ errno }: NodeJS.ErrnoException, session: ServerHttp2Session) => {
      if (errno === BAD_CLIENT_MAGIC) add('NOT_HTTP2', peers.get(session));
    });
    http2.on('session', (session: ServerHttp2Session) => {
      peers.set(session, peerOf(session.socket));
      if (!session.encrypted) return;
      const gone = () => add('CLIENT_GONE', peers.get(session));
      session.once('close', gone);
      session.once('remoteSettings', () => session.off('close', gone));
    });
  }
}

/** Not published by grpc-js 1.14: the version is pinned, and a test covers it. */
function http2ServersOf(server: Server): Http2SecureServer[] {
  const { http2Servers } = server as unknown as { http2Servers: ReadonlyMap<Http2SecureServer, unknown> };
  return [...http2Servers.keys()];
}
