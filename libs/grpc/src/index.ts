export { BALANCING } from './balancing.js';
export { limitConnect } from './connect-limit.js';
export { deadlineOf } from './rpc-deadline.js';
export { RpcEdge } from './rpc-edge.js';
export { traceCalls } from './rpc-span.js';
export { fromProblemMessage, fromServiceError, toProblemMessage, toServiceError } from './service-error.js';
