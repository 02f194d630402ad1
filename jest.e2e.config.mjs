import { base } from './jest.config.mjs';

/** Black-box tests of the whole system, through its public surface. One after the other: each wants the machine for itself. */
export default { ...base, testMatch: ['**/*.e2e.ts'], testTimeout: 120_000, maxWorkers: 1 };
