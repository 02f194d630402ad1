export { BatchedCall, type BatchedCallOptions } from './batched-call.js';
export { CHANNEL_OPTIONS, RpcClient } from './rpc-client.js';
export { deadlineOf } from './rpc-deadline.js';
export { serveGrpc, SERVER_CHANNEL_OPTIONS } from './serve-grpc.js';
export { fromProblemMessage, fromServiceError, toProblemMessage, toServiceError } from './service-error.js';
export type { Callers } from './tls/callers.js';
export { channelCredentials } from './tls/channel-credentials.js';
