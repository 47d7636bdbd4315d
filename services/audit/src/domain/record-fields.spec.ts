import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { transitionItemSchema, type TransitionItem } from '@countersign/contracts';
import { anId, aTaskKey } from '@countersign/testing';
import { headerBytes, type EntryDraft } from './entry-draft.js';
import { submissionDraft, transitionEntry } from './entry-header.js';
import { RECORD_FIELDS, type EntryKind } from './record-fields.js';

const KEY = aTaskKey();
const [TARGET, CONNECTION, PARENT] = [anId(), anId(), anId()];
const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;
const DOCUMENT = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'guides', 'record-fields.md');

const span = (hash: string): object => ({ part: 0, start: 1, end: 9, kind: 'EMAIL', hash });
const found = (action: string, hash: string): object => ({
  ...{ id: 'pii', version: 2, outcome: 'TRIGGERED', action, by: 'RULE', category: 'PII', ms: 2 },
  spans: [span(hash)],
});
const FACTS = {
  taskType: 'code_review',
  target: { org: KEY.org, agent: TARGET },
  connection: CONNECTION,
  client: { score: 5_500, level: 'VERIFIED' },
  targetTrust: { score: 6_000, level: 'VERIFIED' },
  estimateMicros: '5',
  priceBookVersion: 1,
  versions: { policy: { org: 3, connection: 7 }, guardrails: { set: 4 } },
  guardrails: [{ id: 'pii', version: 2, outcome: 'NOT_TRIGGERED', action: 'REDACT' }],
};
const DENIAL = {
  codes: [{ code: 'TASK_TYPE_NOT_ALLOWED', clause: 130, side: 'client' }],
  facts: { ...FACTS, clause: 130 },
};

function entries(items: readonly object[], valid = true): readonly Record<string, unknown>[] {
  const head = { nonce: 'AAAAAAAAAAAAAAAAAAAAAA', task: { org: KEY.org, agent: KEY.agent, id: KEY.task } };
  const common = { ...head, attempt: 1, round: 1, digest: digest('1'), at: '2026-11-24T10:00:00.000Z' };
  const named = valid ? { taskType: 'code_review', target: TARGET, parent: PARENT } : {};
  const submission = submissionDraft({
    ...{ key: KEY, attempt: 1, round: 1, at: 5, digest: digest('1'), valid, body: Buffer.from('{}') },
    ...named,
  });
  const transitions = items.map((parts) => transitionItemSchema.parse({ ...common, ...parts }));
  const drafts: EntryDraft[] = [
    submission,
    ...transitions.map((item: TransitionItem) => transitionEntry(item, 6).draft),
  ];
  return drafts.map(
    (draft, position) =>
      JSON.parse(headerBytes(draft, { position, prev: digest('9') }).toString()) as Record<string, unknown>,
  );
}

const release = { type: 'decided', decision: 'release', codes: [], verdicts: {}, facts: FACTS };
const claimed = { type: 'claimed', grant: anId(), to: { org: KEY.org, agent: TARGET } };
const resulted = { type: 'resulted', seq: 1, digest: digest('3'), usage: [] };
const finished = (parts: object): object => ({ type: 'finished', codes: [], claimed: true, facts: FACTS, ...parts });
const completed = finished({ state: 'COMPLETED', chargedMicros: '5', outputDigest: digest('3') });
const screened = (outcome: string): object => ({
  outcome,
  codes: [],
  guardrails: [found('BLOCK', 'out')],
  versions: {},
});
const denied = [
  { type: 'decided', decision: 'deny', verdicts: {}, primary: 'TASK_TYPE_NOT_ALLOWED', ...DENIAL },
  finished({ state: 'DENIED', claimed: false, code: 'TASK_TYPE_NOT_ALLOWED', ...DENIAL }),
];
const approval = {
  ...{ type: 'approval', number: 1, stage: 'PRE_RELEASE', org: KEY.org, decision: 'APPROVE', by: 'p1' },
  actionDigest: digest('5'),
};
const redactedFacts = { ...FACTS, guardrails: [found('REDACT', 'in')] };

/** For every kind of task: its entries, and the fields of the table that are empty by what the table says of them. */
const TASKS: readonly (readonly [kind: string, headers: readonly Record<string, unknown>[], empty: string])[] = [
  ['released', entries([release, claimed, resulted, completed]), 'userRef codes clause output spanHashes'],
  ['denied', entries(denied), 'userRef output outputDigest spanHashes costMicros'],
  [
    'held and approved',
    entries([
      {
        ...release,
        decision: 'hold',
        codes: [{ code: 'APPROVAL_TASK_TYPE', clause: 230 }],
        facts: { ...FACTS, clause: 230 },
      },
      approval,
      { ...release, round: 2 },
      claimed,
      resulted,
      completed,
    ]),
    'userRef output spanHashes',
  ],
  [
    'redacted',
    entries([
      { ...release, facts: redactedFacts, deliverDigest: digest('4') },
      finished({ state: 'COMPLETED', chargedMicros: '5', outputDigest: digest('3'), facts: redactedFacts }),
    ]),
    'userRef codes clause output',
  ],
  [
    'quarantined',
    entries([
      release,
      finished({
        ...{
          state: 'QUARANTINED',
          code: 'GUARDRAIL_BLOCKED',
          codes: [{ code: 'GUARDRAIL_BLOCKED' }],
          chargedMicros: '5',
        },
        ...{ outputDigest: digest('3'), output: screened('BLOCK') },
      }),
    ]),
    'userRef clause',
  ],
  [
    'expired',
    entries([
      release,
      claimed,
      finished({ state: 'EXPIRED', code: 'RESULT_TIMEOUT', codes: [{ code: 'RESULT_TIMEOUT' }] }),
    ]),
    'userRef clause output outputDigest spanHashes costMicros',
  ],
  [
    'no valid envelope',
    entries(
      [
        {
          ...{ type: 'decided', decision: 'deny', verdicts: {}, codes: [{ code: 'ENVELOPE_INVALID', clause: 10 }] },
          facts: { clause: 10 },
        },
        finished({ state: 'DENIED', claimed: false, codes: [{ code: 'ENVELOPE_INVALID' }], facts: { clause: 10 } }),
      ],
      false,
    ),
    'userRef agentLevel agentScore taskType parent connection versions guardrails output outputDigest spanHashes costMicros',
  ],
];

function carries(header: Record<string, unknown>, kinds: readonly EntryKind[]): boolean {
  return kinds.some((kind) => kind === 'every' || kind === 'task' || kind === header['type']);
}
const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);

describe('the fields that reconstruction needs', () => {
  describe.each(TASKS)('of a task that was %s', (_kind, headers, empty) => {
    const mayBeEmpty = new Set(empty.split(' '));

    it.each(RECORD_FIELDS.map((field) => [field.field, field] as const))(
      '%s stands where the table says',
      (_name, field) => {
        const carrying = headers.filter((header) => carries(header, field.entries));
        for (const header of carrying) expect(header).toHaveProperty([field.key]);
        const filled = carrying.some((header) => !isEmpty(header[field.key]));
        expect(filled || mayBeEmpty.has(field.key) || carrying.length === 0).toBe(true);
        // what is empty without the table saying when would be a gap nobody reads about
        if (!filled && carrying.length > 0) expect(field.absentWhen).toBeDefined();
      },
    );

    it('are empty exactly where this kind of task makes them so', () => {
      const never = RECORD_FIELDS.filter(({ key, entries: kinds }) => {
        const carrying = headers.filter((header) => carries(header, kinds));
        return carrying.length > 0 && carrying.every((header) => isEmpty(header[key]));
      });
      expect(never.map(({ key }) => key).sort()).toEqual([...mayBeEmpty].filter(Boolean).sort());
    });
  });

  it('stand in the table of the documentation', () => {
    const rows = readFileSync(DOCUMENT, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
    const documented = rows.map(([, field, key, entry, absent]) => [field, key, entry, absent]);
    expect(documented).toEqual(
      RECORD_FIELDS.map(({ field, key, entries: kinds, absentWhen }) => [
        field,
        key,
        kinds.join(', '),
        absentWhen ?? 'never',
      ]),
    );
  });
});
