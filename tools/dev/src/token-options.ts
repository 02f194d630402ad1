import { parseArguments, type CommandLine } from './command-line.ts';
import { DEFAULT_SCOPES, DEMO_CUSTOMER } from './stack/issuer.ts';

export interface TokenOptions {
  /** The subject of the token. */
  sub: string;
  /** Its scopes, separated by spaces. */
  scope: string;
}

export const TOKEN: CommandLine<TokenOptions> = {
  usage: `npm run --silent token -- [options]: prints a bearer token of the running system
  --sub CUSTOMER  the customer (default: ${DEMO_CUSTOMER})
  --scope LIST    the scopes (default: "${DEFAULT_SCOPES}")`,
  parse: (args) => {
    const options = {
      sub: { type: 'string', default: DEMO_CUSTOMER },
      scope: { type: 'string', default: DEFAULT_SCOPES },
    } as const;
    return parseArguments({ args, options }).values;
  },
};
