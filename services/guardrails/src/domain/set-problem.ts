import { parseInstant } from '@countersign/primitives';
import type { Guardrail, ReasonCode } from '@countersign/contracts';
import { CANARY_GUARDRAIL_ID } from './screening/canary-guardrail.js';
import { packNames, packVersion } from './techniques/all-techniques.js';
import { compilePattern } from './techniques/own-patterns.js';

/** Why a set is refused: the field, and what would be right. */
export interface SetProblem {
  readonly code: ReasonCode;
  readonly field: string;
  readonly message: string;
}

/** What a set is checked against: now in ms, and the organisation's Owners as a review names them. */
export interface SetContext {
  readonly now: number;
  readonly owners: readonly string[];
}

const DAY_MS = 86_400_000;
const LONGEST_REVIEW_DAYS = 180;
/** Words that cannot be written over a single field that they are about. */
const WITHOUT_SPAN = ['json-format'];

type Check = (guardrail: Guardrail, context: SetContext) => string | SetProblem | undefined;

/** One rule a line: the field it is about, and what is wrong with it. */
const CHECKS: readonly (readonly [field: string, check: Check])[] = [
  [
    'id',
    ({ id }) => (id === CANARY_GUARDRAIL_ID ? `${id} is the installation's own guardrail; take another id` : undefined),
  ],
  [
    'id',
    ({ id }) =>
      id.startsWith('target-') ? `${id} starts like a guardrail of the other side; take another id` : undefined,
  ],
  ['packs', ({ packs }) => unknownPack(packs)],
  ['patterns', ({ patterns }) => unusablePattern(patterns)],
  [
    'failureMode',
    ({ category, failureMode }) =>
      category === 'SECURITY' && failureMode === 'OPEN'
        ? {
            code: 'GUARDRAIL_SECURITY_MUST_FAIL_CLOSED',
            field: 'failureMode',
            message: 'a security guardrail cannot fail OPEN; right would be CLOSED',
          }
        : undefined,
  ],
  ['openReview', openReviewProblem],
  [
    'action',
    ({ action, category, stage }) =>
      action === 'RETRY' && (category === 'SECURITY' || stage !== 'OUTPUT')
        ? {
            code: 'RETRY_NOT_PERMITTED',
            field: 'action',
            message: 'RETRY is for quality guardrails of stage OUTPUT only',
          }
        : undefined,
  ],
  [
    'retry',
    ({ action, retry }) =>
      (action === 'RETRY') === (retry !== undefined)
        ? undefined
        : action === 'RETRY'
          ? 'RETRY needs a strategy; give retry.strategy'
          : `retry is for action RETRY, not ${action}`,
  ],
  [
    'action',
    ({ action, packs }) =>
      action === 'REDACT' && packs.some((name) => WITHOUT_SPAN.includes(name))
        ? `REDACT cannot write over what ${WITHOUT_SPAN.join(', ')} finds; right would be REPLACE, RETRY or BLOCK`
        : undefined,
  ],
  [
    'allowedHosts',
    ({ allowedHosts, packs }) =>
      allowedHosts.length > 0 && !packs.includes('exfiltration-channels')
        ? 'allowedHosts is read by the pack exfiltration-channels only, which this guardrail does not name'
        : undefined,
  ],
];

/** The first thing that is wrong with a set; undefined when it can be stored. */
export function problemOfSet(guardrails: readonly Guardrail[], context: SetContext): SetProblem | undefined {
  const seen = new Set<string>();
  for (const [index, guardrail] of guardrails.entries()) {
    if (seen.has(guardrail.id)) return invalid(`${index}.id`, `two guardrails have the id ${guardrail.id}`);
    seen.add(guardrail.id);
    for (const [field, check] of CHECKS) {
      const found = check(guardrail, context);
      if (typeof found === 'string') return invalid(`${index}.${field}`, `${guardrail.id}: ${found}`);
      if (found !== undefined)
        return { ...found, field: `guardrails.${index}.${found.field}`, message: `${guardrail.id}: ${found.message}` };
    }
  }
  return undefined;
}

function invalid(field: string, message: string): SetProblem {
  return { code: 'REQUEST_INVALID', field: `guardrails.${field}`, message };
}

function unknownPack(packs: readonly string[]): string | undefined {
  const unknown = packs.find((name) => packVersion(name) === undefined);
  return unknown === undefined ? undefined : `there is no pack ${unknown} (there are ${packNames().join(', ')})`;
}

function unusablePattern(patterns: Guardrail['patterns']): string | undefined {
  for (const pattern of patterns)
    try {
      compilePattern(pattern);
    } catch {
      return `pattern ${pattern.id} is no RE2 expression; look-around and back-references are not part of RE2`;
    }
  return undefined;
}

/** OPEN is an exception with a date: somebody who owns the organisation has to stand for it. */
function openReviewProblem({ failureMode, openReview }: Guardrail, { now, owners }: SetContext): string | undefined {
  if (failureMode === 'CLOSED')
    return openReview === undefined ? undefined : 'a review is for failureMode OPEN; leave it out';
  if (openReview === undefined)
    return 'failureMode OPEN needs a review: justification (20 characters or more), approvedBy, reviewBy';
  if (!owners.includes(openReview.approvedBy))
    return `approvedBy must be an active Owner of the organisation, by name or id${owners.length === 0 ? '; it has none yet' : ''}`;
  const reviewBy = parseInstant(openReview.reviewBy);
  if (reviewBy <= now) return 'reviewBy must be in the future';
  return reviewBy > now + LONGEST_REVIEW_DAYS * DAY_MS
    ? `reviewBy must be within ${LONGEST_REVIEW_DAYS} days`
    : undefined;
}
