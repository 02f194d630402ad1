import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import type { X509Certificate } from 'node:crypto';
import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { CallRules } from './callers.js';
import type { Refusals } from './refusals.js';

/** Who is at the other end of a connection. */
interface Peer {
  apps: readonly string[];
  /** The names in its certificate. */
  names: string;
}

/**
 * Interceptor of a gRPC server with mutual TLS: refuses, before the request is parsed, each call that `rules` do not allow
 * to the identity in the certificate of its caller, with PERMISSION_DENIED. Without a certificate it is UNAUTHENTICATED.
 */
export function authorizeCalls(rules: CallRules, refusals: Refusals): ServerInterceptor {
  // The certificate of a connection does not change, and reading it costs more than a call.
  const peers = new WeakMap<Http2Session, Peer>();
  const peerOf = (call: ServerInterceptingCallInterface): Peer | undefined => {
    const session = sessionOf(call);
    const known = session && peers.get(session);
    if (known) return known;
    const certificate = session && certificateOf(session.socket as TLSSocket);
    if (!certificate) return undefined;
    const peer = { apps: rules.appsOf(certificate), names: certificate.subjectAltName ?? '' };
    peers.set(session, peer);
    return peer;
  };
  return ({ path }, call) => {
    const peer = peerOf(call);
    // It has the same methods: a call that is allowed needs no wrapper.
    if (peer && rules.allow(peer.apps, path)) return call as ServerInterceptingCall;
    const code = peer ? status.PERMISSION_DENIED : status.UNAUTHENTICATED;
    const [rpc, names] = [path.slice(1), peer?.names ?? 'none'];
    refusals.add('call refused', { reason: status[code], peer: call.getPeer(), rpc, names });
    const details = peer ? `${names} may not call ${rpc}` : `a client certificate is needed for ${rpc}`;
    return refused(call, { code, details });
  };
}

/** A call that ends with this status as soon as its metadata is there. */
function refused(
  call: ServerInterceptingCallInterface,
  answer: { code: status; details: string },
): ServerInterceptingCall {
  return new ServerInterceptingCall(call, {
    start: (next) => next({ onReceiveMetadata: () => call.sendStatus(answer) }),
  });
}

/** grpc-js 1.14 does not publish the stream of a call, and its `getAuthContext` parses the certificate for each call. */
function sessionOf(call: ServerInterceptingCallInterface): Http2Session | undefined {
  return (call as unknown as { stream?: ServerHttp2Stream }).stream?.session;
}

function certificateOf(socket: Partial<TLSSocket>): X509Certificate | undefined {
  return socket.authorized === true ? socket.getPeerX509Certificate?.() : undefined;
}
