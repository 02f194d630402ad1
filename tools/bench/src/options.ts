import { parseArgs } from 'node:util';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';

/** What can be measured; `load` when nothing is named. */
export const SCENARIOS = ['load'] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface BenchOptions {
  scenario: Scenario;
  /** One load each. */
  connections: number[];
  /** Of one load. */
  seconds: number;
  quick: boolean;
  /** One JSON document on standard output, and nothing else there. */
  json: boolean;
}

export const USAGE = `npm run bench -- [scenario] [options]
  load (default)         orders at 16, 64 and 128 connections, without tracing and with; CPU per order, event lag;
                         and what the same orders cost pgbench, which the costs are divided by

  --connections 16,64    other numbers of connections
  --seconds N            length of one load (default 12)
  --quick                64 connections without tracing, 6 s
  --json                 one JSON document on standard output (with npm run --silent bench -- --json)`;

const DEFAULT = { connections: [16, 64, 128], seconds: 12 };
const QUICK = { connections: [64], seconds: 6 };

/** @throws Problem naming the option that is wrong */
export function parseOptions(argv: readonly string[]): BenchOptions | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help) return 'help';
  const { quick = false, json = false } = values;
  const { connections, seconds } = quick ? QUICK : DEFAULT;
  return {
    scenario: scenarioFrom(positionals),
    connections: values.connections?.split(',').map((text) => count('connections', text)) ?? connections,
    seconds: values.seconds === undefined ? seconds : count('seconds', values.seconds),
    quick,
    json,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        connections: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new Problem(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, {
      cause: error,
    });
  }
}

function scenarioFrom([name = 'load', ...more]: readonly string[]): Scenario {
  const scenario = SCENARIOS.find((known) => known === name);
  if (scenario === undefined || more.length > 0)
    throw new Problem(`"${[name, ...more].join(' ')}" is none of: ${SCENARIOS.join(', ')}.`);
  return scenario;
}

function count(name: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Problem(`--${name} must be a number from 1, not "${text}".`);
  return Number(text);
}
