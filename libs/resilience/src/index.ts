export * from './backoff.js';
export * from './deadline.js';
export * from './every.js';
export * from './pace.js';
export * from './retry-budget.js';
export * from './retry.js';
export * from './sleep.js';
export * from './wake-up.js';
