import { expect, it } from '@jest/globals';
import { OTHER_SERVERS } from '@orders/dev/verify/tool-check';
import { DEFAULT_PLATFORM, PLATFORM_NAMES } from './platform.ts';

it('npm test runs the proof on every platform; it left out Postgres 15', () => {
  expect([DEFAULT_PLATFORM.name, ...OTHER_SERVERS]).toEqual(PLATFORM_NAMES);
});
