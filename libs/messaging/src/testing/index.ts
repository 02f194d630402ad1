export * from './bus-conformance.js';
export * from './fixtures.js';
export * from './test-database.js';
