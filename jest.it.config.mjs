import { base } from './jest.config.mjs';

/** Tests against a real Postgres and a real nats-server, started once for all unless TEST_DATABASE_URL and TEST_NATS_URL are set. */
export default {
  ...base,
  testMatch: ['**/*.it.ts'],
  testTimeout: 30_000,
  globalSetup: '<rootDir>/tools/dev/src/testing/global-setup.ts',
  globalTeardown: '<rootDir>/tools/dev/src/testing/global-teardown.ts',
};
