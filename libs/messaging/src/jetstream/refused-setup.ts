/**
 * A server, a stream or a consumer is set up in a way that would break the delivery promise. The message is one line
 * that tells what to change. The operation succeeds once that is done: repeat it.
 */
export class RefusedSetupError extends Error {
  override readonly name = 'RefusedSetupError';
}
