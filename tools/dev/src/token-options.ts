import { parseArgs } from 'node:util';
import { Problem } from '../bootstrap/problem.mjs';
import { DEFAULT_SCOPES, DEMO_CUSTOMER } from './stack/issuer.ts';

/**
 * Whose token, and what it may do: `--sub` (default the demo customer) and `--scope` (default read and write).
 * @throws Problem with the usage on anything else
 */
export function tokenOptions(args: string[]): { sub: string; scope: string } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        sub: { type: 'string', default: DEMO_CUSTOMER },
        scope: { type: 'string', default: DEFAULT_SCOPES },
      },
    });
    return values;
  } catch (error) {
    throw new Problem(
      `${(error as Error).message} Usage: npm run --silent token -- [--sub alice] [--scope "${DEFAULT_SCOPES}"]`,
    );
  }
}
