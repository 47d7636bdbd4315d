import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readme } from './readme.js';
import { ROOT } from './paths.js';

/** A file of the chart that is made of something else, by its path in the chart. */
export interface ChartFile {
  readonly path: string;
  readonly content: string;
}

const OBSERVABILITY = join(ROOT, 'infra', 'observability');

/** Every generated file: the README from the values; rules and dashboards, because a chart reads only what lies in it. */
export function chartFiles(): readonly ChartFile[] {
  const grafana = join(OBSERVABILITY, 'grafana');
  const copy = (path: string, from: string): ChartFile => ({ path, content: readFileSync(from, 'utf8') });
  return [
    { path: 'README.md', content: readme() },
    copy('files/countersign.rules.yaml', join(OBSERVABILITY, 'prometheus', 'countersign.rules.yaml')),
    ...readdirSync(grafana)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => copy(`files/dashboards/${name}`, join(grafana, name))),
  ];
}
