import type { ChannelCredentials } from '@grpc/grpc-js';

/** Longest time after connecting without a byte from the peer, in ms. */
const SILENCE_MS = 3_000;

/**
 * Makes a channel close connections whose peer accepts them and sends nothing for 3 s, as the kernel does for a frozen
 * process. grpc-js itself waits for ever (grpc-node issue 2785), and with another healthy replica the missing one goes
 * unnoticed. Patches `_createSecureConnector`, which is not public: the version is pinned, and a test covers it.
 *
 * @returns the same credentials
 */
export function limitConnect(credentials: ChannelCredentials): ChannelCredentials {
  const create = credentials._createSecureConnector.bind(credentials);
  credentials._createSecureConnector = (...parameters) => {
    const connector = create(...parameters);
    const connect = connector.connect.bind(connector);
    connector.connect = (socket) => {
      const timer = setTimeout(() => {
        if (socket.bytesRead === 0)
          socket.destroy(new Error('the peer accepted the connection and sent nothing'));
      }, SILENCE_MS).unref();
      socket.once('close', () => clearTimeout(timer));
      return connect(socket);
    };
    return connector;
  };
  return credentials;
}
