import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@orders/dev/stack/paths';

const CHART = 'helm/observability';
const DASHBOARDS = 'deploy/observability/dashboards';
const RULES = ['deploy/observability/rules.yaml', 'docs/alerts.yaml'];

/** Copies of rules and dashboards, as a chart can read files of its own folder only: path from the root → text. */
export function observabilityCopies(root = ROOT): [string, string][] {
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  const rules = RULES.find((file) => existsSync(join(root, file)));
  if (rules === undefined) throw new Error(`none of ${RULES.join(', ')}`);
  const dashboards = existsSync(join(root, DASHBOARDS)) ? readdirSync(join(root, DASHBOARDS)) : [];
  return [
    [`${CHART}/rules.yaml`, read(rules)],
    ...dashboards.map((file): [string, string] => [
      `${CHART}/dashboards/${file}`,
      `${JSON.stringify(JSON.parse(read(`${DASHBOARDS}/${file}`)))}\n`,
    ]),
  ];
}
