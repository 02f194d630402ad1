import { parseArguments } from './command-line.ts';
import { DEFAULT_SCOPES, DEMO_CUSTOMER } from './stack/issuer.ts';

const USAGE = `Usage: npm run --silent token -- [--sub alice] [--scope "${DEFAULT_SCOPES}"]`;

/**
 * Whose token, and what it may do: `--sub` (default the demo customer) and `--scope` (default read and write).
 * @throws Problem with the usage on anything else
 */
export function tokenOptions(args: string[]): { sub: string; scope: string } {
  const options = {
    sub: { type: 'string', default: DEMO_CUSTOMER },
    scope: { type: 'string', default: DEFAULT_SCOPES },
  } as const;
  return parseArguments({ args, options }, USAGE).values;
}
