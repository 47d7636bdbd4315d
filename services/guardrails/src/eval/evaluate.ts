import { PACKS } from '../domain/detection/packs.js';
import { readRows, type Row } from './data-sets.js';
import { injectionReport, scoreRows, type InjectionReport } from './injection.js';
import { latencyReport, type LatencyReport } from './latency.js';
import { piiReport, secretsReport, type ValuesReport } from './values.js';

/** Everything that is measured. */
export interface Evaluation {
  readonly packs: Readonly<Record<string, number>>;
  /** By file. Indirect attacks, documents, code, mails and tool results are scored as `data`, what people ask as `instruction`; `sources` says which. */
  readonly injection: Readonly<Record<string, InjectionReport>>;
  readonly secrets: ValuesReport;
  readonly pii: ValuesReport;
  readonly latency: readonly LatencyReport[];
}

const DOCUMENTS = new Set(['benign_doc', 'benign_code', 'benign_agentfile']);

/** Measures the built-in packs on a folder of labelled texts. */
export function evaluate(folder: string, now: () => number): Evaluation {
  const train = readRows(folder, 'injection-train');
  const dev = readRows(folder, 'injection-dev');
  const benign = [...train, ...dev].filter(isDocument).map((row) => row.text);
  const latency = latencyReport([...dev, ...train].map((row) => row.text).join('\n\n'), now);
  return {
    packs: Object.fromEntries([...PACKS.values()].map(({ name, version }) => [name, version])),
    injection: {
      'injection-train': injectionReport(scoreRows(train)),
      'injection-dev': injectionReport(scoreRows(dev)),
    },
    secrets: secretsReport(readRows(folder, 'secrets'), benign),
    pii: piiReport(readRows(folder, 'pii'), benign),
    latency,
  };
}

function isDocument({ label, family = '' }: Row): boolean {
  return label === 0 && DOCUMENTS.has(family);
}
