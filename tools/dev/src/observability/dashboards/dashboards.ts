import {
  type Dashboard,
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { AppDeclaration } from '../../stack/declarations.ts';
import { consumersOf, producersOf } from '../../stack/event-flow.ts';
import { appRows } from './app-panels.ts';
import { consumerPanels, outboxPanels } from './delivery-panels.ts';
import { overviewRows } from './overview-rows.ts';
import { buildPanel, type Row } from './panel.ts';

export interface DashboardSpec {
  /** Also the name of its file. */
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

/** The dashboards: an overview, the delivery of events, one for each app and one for each consumer. */
export function dashboardSpecs(apps: readonly AppDeclaration[]): DashboardSpec[] {
  const consumers = consumersOf(apps).map(({ name }) => name);
  return [
    { name: 'overview', title: 'Overview', rows: overviewRows(apps) },
    {
      name: 'delivery',
      title: 'Delivery of events',
      rows: [
        ...producersOf(apps).map(({ name }) => ({ title: `From ${name}`, panels: outboxPanels(name) })),
        ...consumers.map((name) => ({ title: `To ${name}`, panels: consumerPanels(name).slice(0, 3) })),
      ],
    },
    ...apps.map((app) => ({ name: `app-${app.name}`, title: `App ${app.name}`, rows: appRows(app, apps) })),
    ...consumers.map((name) => ({
      name: `consumer-${name}`,
      title: `Consumer ${name}`,
      rows: [{ title: 'Events', panels: consumerPanels(name) }],
    })),
  ];
}

const TAG = 'orders-platform';

export function buildDashboard({ name, title, rows }: DashboardSpec): Dashboard {
  const others = new DashboardLinkBuilder('Others').type(DashboardLinkType.Dashboards).tags([TAG]);
  const builder = new DashboardBuilder(`Orders platform: ${title}`)
    .uid(`${TAG}-${name}`)
    .tags([TAG])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .link(others.asDropdown(true).keepTime(true).includeVars(true));
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const spec of row.panels) builder.withPanel(buildPanel(spec));
  }
  return builder.build();
}
