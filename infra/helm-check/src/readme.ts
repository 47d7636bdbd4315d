import { valueRows } from './values-table.js';

const HEAD = `# Chart countersign

One chart, one image. Seven services, each a Deployment with a Secret, a network policy and a disruption budget of its own; one Job that makes roles, schemas and streams;
pods of \`helm test\` that try what is promised. NATS and PostgreSQL stand beside it. From an empty cluster to a released task: [docs/guides/kubernetes.md](../../docs/guides/kubernetes.md).

| file | for |
| --- | --- |
| \`values.yaml\` | small and safe: two of each service, servers and Secrets exist already |
| \`values-dev.yaml\` | a trial with one command: servers bundled, keys made in the cluster |
| \`values-production.yaml\` | three of each on three nodes, streams in three copies, telemetry; \`strict\` refuses placeholders |

Secrets are named, never made, by templates. What is in them: \`countersign secrets <dir> --format kubernetes\` prints all of them.
Changes between versions: [UPGRADING.md](UPGRADING.md). Checked by \`npm run helm:check\`; this file is made by \`npm run helm:write\`.

## Values

| key | default | meaning |
| --- | --- | --- |
`;

/** The chart's README, made of the values and their comments. */
export function readme(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = valueRows().map((row) => `| \`${row.key}\` | \`${cell(row.default)}\` | ${cell(row.meaning)} |`);
  return `${HEAD}${rows.join('\n')}\n`;
}
