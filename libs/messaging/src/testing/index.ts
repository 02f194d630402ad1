export * from './bus-conformance.js';
export * from './fixtures.js';
export * from './model-database.js';
export * from './model-tables.js';
export * from './query-plans.js';
export * from './simulation.js';
export * from './test-database.js';
export * from './wire.js';
