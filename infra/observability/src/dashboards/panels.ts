import { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** One question of a dashboard. */
export interface Panel {
  readonly title: string;
  readonly says: string;
  readonly unit: 'short' | 's' | 'reqps' | 'percentunit' | 'bytes';
  readonly shape?: 'line' | 'number';
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
}

/** A dashboard as data. */
export interface Board {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

const COLUMNS = 24;
const WIDTH = { line: 12, number: 6 } as const;
const HEIGHT = { line: 8, number: 4 } as const;

/** Grafana's JSON of a board; panels stand in reading order. */
export function dashboardJson({ uid, title, panels }: Board): object {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .tags(['countersign'])
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' });
  let [x, y, rowHeight] = [0, 0, 0];
  for (const panel of panels) {
    const shape = panel.shape ?? 'line';
    if (x + WIDTH[shape] > COLUMNS) [x, y, rowHeight] = [0, y + rowHeight, 0];
    builder.withPanel(panelOf(panel).gridPos({ x, y, w: WIDTH[shape], h: HEIGHT[shape] }));
    [x, rowHeight] = [x + WIDTH[shape], Math.max(rowHeight, HEIGHT[shape])];
  }
  return builder.build();
}

function panelOf({ title, says, unit, shape, queries }: Panel): TimeseriesBuilder | StatBuilder {
  const panel = shape === 'number' ? new StatBuilder() : new TimeseriesBuilder();
  panel.title(title).description(says).unit(unit);
  for (const { expr, legend } of queries) panel.withTarget(new DataqueryBuilder().expr(expr).legendFormat(legend));
  return panel;
}
