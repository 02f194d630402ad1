export * from './backoff.js';
export * from './deadline.js';
export * from './every.js';
export * from './pace.js';
export * from './sleep.js';
export * from './wake-up.js';
