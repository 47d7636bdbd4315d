import type { Origin } from '../domain/detection/finding.js';
import { PACKS } from '../domain/detection/packs.js';
import { FOUND } from '../domain/detection/rule.js';
import { scoreText } from '../domain/detection/score-text.js';
import type { Row } from './data-sets.js';

/** What was measured of a group of texts at the threshold that is shipped and at thresholds of a wanted rate of false alarms. */
export interface InjectionReport {
  readonly texts: { readonly attacks: number; readonly benign: number };
  readonly shipped: { readonly threshold: number; readonly recall: number; readonly falsePositives: number };
  readonly atRate: readonly {
    readonly wanted: number;
    readonly threshold: number;
    readonly recall: number;
    readonly falsePositives: number;
  }[];
  readonly sources: readonly SourceReport[];
}

/** One source at the shipped threshold. */
export interface SourceReport {
  readonly source: string;
  readonly label: 'attack' | 'benign';
  readonly channel: Origin;
  readonly texts: number;
  /** Share that was flagged: recall of attacks, false alarms of benign texts. */
  readonly flagged: number;
  /** The same at the thresholds of `atRate`. */
  readonly flaggedAtRate: readonly number[];
}

/** A text with its score. */
export interface ScoredRow extends Row {
  readonly channel: Origin;
  readonly score: number;
  readonly rules: readonly string[];
}

const RATES = [0.01, 0.02, 0.03];
const DATA_FAMILIES = new Set([
  'indirect',
  'benign_data',
  'benign_tool',
  'benign_email',
  'benign_code',
  'benign_doc',
  'benign_agentfile',
]);
const DATA_SOURCES = /^secdocs/;
const INJECTION_PACKS = ['prompt-injection', 'jailbreak', 'exfiltration'].flatMap((name) => PACKS.get(name) ?? []);

/** Indirect attacks, documents, code, mails and what tools return are data; what a person asks is instruction. */
export function channelOf({ family = '', source }: Row): Origin {
  return DATA_FAMILIES.has(family) || DATA_SOURCES.test(source) ? 'data' : 'instruction';
}

/** Scores texts, each in its channel. */
export function scoreRows(rows: readonly Row[]): readonly ScoredRow[] {
  return rows.map((row) => ({
    ...row,
    channel: channelOf(row),
    ...scoreText(row.text, channelOf(row), INJECTION_PACKS),
  }));
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function flagged(rows: readonly ScoredRow[], threshold: number): number {
  return share(rows.filter((row) => row.score >= threshold).length, rows.length);
}

/** The lowest threshold whose false alarms are at most a rate. Scores are sums of weights, so rates between two scores cannot be had. */
export function thresholdAt(benign: readonly ScoredRow[], rate: number): number {
  const scores = [...new Set([...benign.map((row) => row.score), 1])].filter((s) => s > 0).sort((a, b) => a - b);
  return scores.find((s) => flagged(benign, s) <= rate) ?? (scores.at(-1) ?? 0) + 1;
}

/** Recall and false alarms, overall and by source. */
export function injectionReport(rows: readonly ScoredRow[]): InjectionReport {
  const attacks = rows.filter((row) => row.label === 1);
  const benign = rows.filter((row) => row.label === 0);
  const thresholds = RATES.map((rate) => thresholdAt(benign, rate));
  const sources = [...new Set(rows.map((row) => `${row.source} ${row.label} ${row.channel}`))].sort();
  return {
    texts: { attacks: attacks.length, benign: benign.length },
    shipped: { threshold: FOUND, recall: flagged(attacks, FOUND), falsePositives: flagged(benign, FOUND) },
    atRate: thresholds.map((threshold, i) => ({
      wanted: RATES[i] ?? 0,
      threshold,
      recall: flagged(attacks, threshold),
      falsePositives: flagged(benign, threshold),
    })),
    sources: sources.map((key) =>
      sourceReport(
        rows.filter((r) => `${r.source} ${r.label} ${r.channel}` === key),
        thresholds,
      ),
    ),
  };
}

function sourceReport(rows: readonly ScoredRow[], thresholds: readonly number[]): SourceReport {
  const [first] = rows;
  return {
    source: first?.source ?? '',
    label: first?.label === 1 ? 'attack' : 'benign',
    channel: first?.channel ?? 'data',
    texts: rows.length,
    flagged: flagged(rows, FOUND),
    flaggedAtRate: thresholds.map((threshold) => flagged(rows, threshold)),
  };
}
