import { stringify } from 'yaml';
import type { AppDeclaration } from '../stack/declarations.ts';
import { buildDashboard, dashboardSpecs } from './dashboards/dashboards.ts';
import { ruleGroups } from './rules.ts';
import { scrapeConfigs } from './scrape-config.ts';

/** The folder of the rules, and of {@link DASHBOARDS}. All in it is generated. */
export const OBSERVABILITY = 'deploy/observability';
export const RULES_FILE = `${OBSERVABILITY}/rules.yaml`;
export const DASHBOARDS = `${OBSERVABILITY}/dashboards`;

const RULES_HEAD = `# Rules of Prometheus: objectives, and an alert for each state that somebody must act on. \`runbook\` is a file of this
# repository. The label \`job\` is the name of the app.
`;
const CONFIG_HEAD = `# Prometheus for what \`npm start\` or compose runs, with the ports of the declarations:
#
#   prometheus --config.file=${OBSERVABILITY}/prometheus.yaml --storage.tsdb.path=.local/prometheus
`;
const MADE =
  '#\n# Made by `npm run generate` from tools/dev/src/observability and the declarations of the apps.\n';

/** Files that are derived as a whole from the declarations: name → text. An optional app need not be there, so nobody is alerted. */
export function observabilityFiles(declared: readonly AppDeclaration[]): Record<string, string> {
  const apps = declared.filter(({ optional }) => !optional);
  const config = {
    global: { scrape_interval: '15s', evaluation_interval: '15s' },
    rule_files: ['rules.yaml'],
    scrape_configs: scrapeConfigs(apps, ({ ports }) => `127.0.0.1:${ports.management}`),
  };
  const dashboards = dashboardSpecs(apps).map((spec) => [
    `${DASHBOARDS}/${spec.name}.json`,
    `${JSON.stringify(buildDashboard(spec), null, 2)}\n`,
  ]);
  return {
    [RULES_FILE]: RULES_HEAD + MADE + yaml({ groups: ruleGroups(apps) }),
    [`${OBSERVABILITY}/prometheus.yaml`]: CONFIG_HEAD + MADE + yaml(config),
    ...(Object.fromEntries(dashboards) as Record<string, string>),
  };
}

function yaml(content: object): string {
  return stringify(content, { lineWidth: 110, singleQuote: true });
}
