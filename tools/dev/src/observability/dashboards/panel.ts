import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  type Panel,
  type ThresholdsConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** The Prometheus that the reader of a dashboard chooses. */
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

export interface Query {
  readonly expr: string;
  /** A template of Grafana, such as `{{consumer}}`. */
  readonly legend: string;
}

export interface PanelSpec {
  readonly title: string;
  /** What it means, and when to worry. */
  readonly about: string;
  /** As Grafana names it. */
  readonly unit: 'short' | 's' | 'bytes' | 'reqps' | 'percentunit';
  readonly queries: readonly Query[];
  /** One number instead of a graph. */
  readonly stat?: boolean;
  /** Counts failures: each query is 0 while all is well. */
  readonly failures?: boolean;
  /** Red from this value on. */
  readonly redFrom?: number;
  /** Red below this value. */
  readonly redBelow?: number;
}

/** Panels under a heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

export function buildPanel(spec: PanelSpec): Builder<Panel> {
  const { title, about, unit, queries, stat = false } = spec;
  const builder = stat
    ? new StatBuilder().span(4).height(4)
    : new GraphBuilder()
        .span(8)
        .height(7)
        .fillOpacity(10)
        .min(0)
        .legend(new VizLegendOptionsBuilder().showLegend(true));
  builder.title(title).description(about).unit(unit).datasource(DATASOURCE).thresholds(colours(spec));
  return builder.targets(queries.map((query, index) => buildQuery(query, index, stat)));
}

function buildQuery({ expr, legend }: Query, index: number, instant: boolean): Builder<Dataquery> {
  const query = new DataqueryBuilder().expr(expr).legendFormat(legend).datasource(DATASOURCE);
  return (instant ? query.instant() : query.range()).refId(String.fromCharCode(65 + index));
}

function colours({ redFrom, redBelow }: PanelSpec): Builder<ThresholdsConfig> {
  const steps = [
    { value: null, color: redBelow === undefined ? 'green' : 'red' },
    ...(redBelow === undefined ? [] : [{ value: redBelow, color: 'green' }]),
    ...(redFrom === undefined ? [] : [{ value: redFrom, color: 'red' }]),
  ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}
