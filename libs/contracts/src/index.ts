export * from './limits.js';
export * from './nats-users.js';
export * from './problems.js';
export * from './streams.js';
