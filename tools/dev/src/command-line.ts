import { parseArgs, type ParseArgsConfig } from 'node:util';
import { Problem } from '../bootstrap/problem.mjs';

/**
 * `parseArgs` of node:util.
 * @throws Problem with what is wrong and the usage
 */
export function parseArguments<T extends ParseArgsConfig>(config: T, usage: string) {
  try {
    return parseArgs(config);
  } catch (cause) {
    throw new Problem(`${(cause as Error).message}\n${usage}`, { cause });
  }
}

/**
 * The value of an option that is a whole number, from 1 to eight digits.
 * @throws Problem naming the option
 */
export function countOf(option: string, text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new Problem(`--${option} must be a number from 1, not "${text}".`);
  return Number(text);
}
