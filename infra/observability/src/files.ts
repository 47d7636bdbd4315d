import { stringify } from 'yaml';
import { BOARDS } from './dashboards/boards.js';
import { dashboardJson } from './dashboards/panels.js';
import { telemetryReference } from './reference.js';
import { ruleFile } from './rules.js';

/** A file that is made of the lists, by its path in `infra/observability`. */
export interface GeneratedFile {
  readonly path: string;
  readonly content: string;
}

/** Every generated file: Prometheus rules, Grafana dashboards, and the reference of what services send. */
export function generatedFiles(): readonly GeneratedFile[] {
  return [
    {
      path: 'prometheus/countersign.rules.yaml',
      content: `# Made by \`npm run observability\` from infra/observability/src; do not edit.\n${stringify(ruleFile(), { lineWidth: 0 })}`,
    },
    { path: '../../docs/reference/telemetry.md', content: telemetryReference() },
    ...BOARDS.map((board) => ({
      path: `grafana/${board.uid}.json`,
      content: `${JSON.stringify(dashboardJson(board), null, 2)}\n`,
    })),
  ];
}
