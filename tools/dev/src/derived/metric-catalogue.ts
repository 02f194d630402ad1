import {
  type MetricApps,
  type MetricDefinition,
  type MetricDefinitions,
  prometheusName,
} from '@orders/instrumentation/metric-definition';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import type { AppDeclaration } from '../stack/declarations.ts';
import { ROOT } from '../stack/paths.ts';
import { markdownTable } from '../tables.ts';

const DEFINITION_FILES = '{apps,libs}/*/src/metric-definitions.ts';

/** A metric as Prometheus has it. */
export interface Metric {
  readonly name: string;
  readonly definition: MetricDefinition;
}

/** All metrics of this workspace, by name. */
export const METRICS: readonly Metric[] = await readMetrics();

/** Whether an app exports a metric, by its declaration; undefined when only its code tells. */
const EXPORTS: Record<MetricApps, (app: AppDeclaration) => boolean | undefined> = {
  all: () => true,
  http: ({ ports }) => ports.http !== undefined,
  grpc: ({ serves }) => serves.length > 0,
  call: ({ calls }) => calls.length > 0,
  database: ({ database }) => database,
  publish: ({ publishes }) => publishes.length > 0,
  consume: ({ consumes }) => consumes.length > 0,
  tokens: ({ tokens }) => tokens,
  some: () => undefined,
};

/** The metrics that an app exports for certain, by its declaration. */
export function metricsOf(app: AppDeclaration): readonly Metric[] {
  return METRICS.filter(({ definition }) => EXPORTS[definition.apps](app) === true);
}

/** For docs/metrics.md: every metric, with the apps that export it. */
export function metricsTable(apps: readonly AppDeclaration[]): string {
  const rows = METRICS.map(({ name, definition }) => [
    `\`${name}\``,
    typeOf(definition),
    unitOf(name),
    labelsOf(definition),
    appsOf(definition, apps),
    definition.description,
  ]);
  return `\n${markdownTable(['metric', 'type', 'unit', 'labels', 'apps', 'meaning'], rows)}\n`;
}

async function readMetrics(): Promise<Metric[]> {
  const files = globSync(DEFINITION_FILES, { cwd: ROOT });
  const modules = await Promise.all(
    files.map((file) => import(join(ROOT, file)) as Promise<{ METRICS: MetricDefinitions }>),
  );
  return modules
    .flatMap(({ METRICS }) => Object.values(METRICS))
    .map((definition) => ({ name: prometheusName(definition), definition }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function typeOf(definition: MetricDefinition): string {
  if (definition.kind !== 'histogram') return definition.kind === 'gauge' ? 'gauge' : 'counter';
  return `histogram, ${definition.buckets[0]} to ${definition.buckets.at(-1)}`;
}

/** The last word of its name; what has no unit is a count. */
export function unitOf(name: string): 'seconds' | 'bytes' | '' {
  const unit = /_(seconds|bytes)(_total)?$/.exec(name)?.[1];
  return (unit as 'seconds' | 'bytes' | undefined) ?? '';
}

function labelsOf({ labels = {} }: MetricDefinition): string {
  const all = Object.entries(labels).map(([label, values]) => {
    const bound = typeof values === 'string' ? values : values.map((value) => `\`${value}\``).join(', ');
    return `\`${label.replaceAll('.', '_')}\`: ${bound}`;
  });
  return all.join('; ');
}

function appsOf(definition: MetricDefinition, apps: readonly AppDeclaration[]): string {
  if (definition.apps === 'all' || definition.apps === 'some') return definition.apps;
  return apps
    .filter((app) => EXPORTS[definition.apps](app))
    .map(({ name }) => name)
    .toSorted()
    .join(', ');
}
