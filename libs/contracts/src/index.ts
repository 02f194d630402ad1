export * from './limits.js';
export * from './problems.js';
export * from './streams.js';
