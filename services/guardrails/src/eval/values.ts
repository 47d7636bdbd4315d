import { detect } from '../domain/detection/detect.js';
import type { Finding } from '../domain/detection/finding.js';
import type { Row } from './data-sets.js';

/** How well values of one type are found. */
export interface TypeReport {
  readonly type: string;
  readonly labelled: number;
  readonly found: number;
  readonly recall: number;
}

/** Recall by type, and how often something is found where nothing is labelled. */
export interface ValuesReport {
  readonly types: readonly TypeReport[];
  /** Findings that overlap a labelled span of their type, of all findings of types that are labelled. */
  readonly precision: number;
  readonly benign: {
    readonly texts: number;
    readonly hit: number;
    readonly rate: number;
    readonly kinds: Readonly<Record<string, number>>;
  };
}

/** Labels of the data set and the kinds that stand for them here. */
const KIND_OF: Readonly<Record<string, string>> = {
  CREDIT_CARD: 'CREDIT_CARD',
  EMAIL_ADDRESS: 'EMAIL',
  PHONE_NUMBER: 'PHONE',
  US_SSN: 'SSN',
  IBAN_CODE: 'IBAN',
  IP_ADDRESS: 'IP_ADDRESS',
  US_DRIVER_LICENSE: 'DRIVER_LICENSE',
};

/** What a pack finds in one text. */
export function findingsIn(text: string, pack: string): readonly Finding[] {
  const field = { path: ['text'], part: 0, text, origin: 'data', external: false, leaf: 'text' } as const;
  return detect([field], [pack], { expired: () => false }).findings;
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function benignReport(texts: readonly string[], pack: string): ValuesReport['benign'] {
  const kinds: Record<string, number> = {};
  let hit = 0;
  for (const text of texts) {
    const found = new Set(findingsIn(text, pack).map((finding) => finding.kind));
    if (found.size > 0) hit += 1;
    for (const kind of found) kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return { texts: texts.length, hit, rate: ratio(hit, texts.length), kinds };
}

/** Recall of personal data by type, precision, and false alarms on benign texts. */
export function piiReport(rows: readonly Row[], benign: readonly string[]): ValuesReport {
  const counts = new Map<string, { labelled: number; found: number }>();
  let [right, all] = [0, 0];
  for (const row of rows) {
    const findings = findingsIn(row.text, 'pii');
    const spans = (row.spans ?? []).filter((span) => span.type in KIND_OF);
    const covers = (finding: Finding, span: (typeof spans)[number]): boolean =>
      finding.kind === KIND_OF[span.type] && finding.start < span.end && span.start < finding.end;
    for (const span of spans) {
      const count = counts.get(span.type) ?? { labelled: 0, found: 0 };
      const found = findings.some((finding) => covers(finding, span));
      counts.set(span.type, { labelled: count.labelled + 1, found: count.found + (found ? 1 : 0) });
    }
    all += findings.length;
    right += findings.filter((finding) => spans.some((span) => covers(finding, span))).length;
  }
  const types = [...counts].map(([type, count]) => ({ type, ...count, recall: ratio(count.found, count.labelled) }));
  return { types, precision: ratio(right, all), benign: benignReport(benign, 'pii') };
}

/** Recall of secrets, false alarms on near-misses (as precision) and on benign texts. */
export function secretsReport(rows: readonly Row[], benign: readonly string[]): ValuesReport {
  const isFound = (row: Row): boolean => findingsIn(row.text, 'secrets').length > 0;
  const secret = rows.filter((row) => row.label === 1);
  const found = secret.filter(isFound).length;
  const alarms = rows.filter((row) => row.label === 0 && isFound(row)).length;
  return {
    types: [{ type: 'SECRET', labelled: secret.length, found, recall: ratio(found, secret.length) }],
    precision: ratio(found, found + alarms),
    benign: benignReport(benign, 'secrets'),
  };
}
