import { base } from './jest.config.mjs';

/**
 * Black-box tests of the whole system, through its public surface. One after the other: each wants the machine for itself.
 * Their end is forced: a client of a server that a test has stopped may try again for ever.
 */
export default { ...base, testMatch: ['**/*.e2e.ts'], testTimeout: 120_000, maxWorkers: 1, forceExit: true };
