import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@orders/dev/stack/paths';

const CHART = 'helm/observability';
const DASHBOARDS = 'deploy/observability/dashboards';
const RULES = 'deploy/observability/rules.yaml';

/** Copies of rules and dashboards, as a chart can read files of its own folder only: path from the root → text. */
export function observabilityCopies(root = ROOT): [string, string][] {
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  return [
    [`${CHART}/rules.yaml`, read(RULES)],
    ...readdirSync(join(root, DASHBOARDS)).map((file): [string, string] => [
      `${CHART}/dashboards/${file}`,
      `${JSON.stringify(JSON.parse(read(`${DASHBOARDS}/${file}`)))}\n`,
    ]),
  ];
}
