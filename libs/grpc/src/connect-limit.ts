import type { ChannelCredentials } from '@grpc/grpc-js';

/** How long a peer that took a connection may say nothing, in ms. */
const SILENCE_MS = 3_000;

/**
 * Makes a channel give up connections whose peer never says a word. grpc-js itself waits for ever on a peer that
 * accepts and is silent (grpc-node issue 2785), as the kernel of a frozen process does; beside a healthy one nobody
 * would notice. Reaches into `_createSecureConnector`, which is not public: the version is pinned, and a test watches.
 */
export function limitConnect(credentials: ChannelCredentials): ChannelCredentials {
  const create = credentials._createSecureConnector.bind(credentials);
  credentials._createSecureConnector = (...parameters) => {
    const connector = create(...parameters);
    const connect = connector.connect.bind(connector);
    connector.connect = (socket) => {
      const timer = setTimeout(() => {
        if (socket.bytesRead === 0) socket.destroy(new Error('the peer accepted and said nothing'));
      }, SILENCE_MS).unref();
      socket.once('close', () => clearTimeout(timer));
      return connect(socket);
    };
    return connector;
  };
  return credentials;
}
