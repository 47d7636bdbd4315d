import { describe, expect, it } from '@jest/globals';
import { canonicalJson } from '@countersign/primitives';
import { transitionItemSchema, type TransitionItem } from '@countersign/contracts';
import { anId, aTaskKey } from '@countersign/testing';
import { headerBytes, type EntryDraft } from './entry-draft.js';
import { submissionDraft, transitionEntry } from './entry-header.js';

const KEY = aTaskKey();
const DIGEST = `sha256:${'1'.repeat(64)}` as const;
const PLACE = { position: 7, prev: `sha256:${'9'.repeat(64)}` };
const PAYLOAD = { kind: 'submission', epoch: '2026-11', commitment: DIGEST } as const;

function item(parts: object): TransitionItem {
  const task = { org: KEY.org, agent: KEY.agent, id: KEY.task };
  const head = { nonce: 'AAAAAAAAAAAAAAAAAAAAAA', task, attempt: 2, round: 3, digest: DIGEST };
  return transitionItemSchema.parse({ ...head, at: '2026-11-24T10:00:00.000Z', ...parts });
}
const transitionDraft = (moved: TransitionItem, at: number): EntryDraft => transitionEntry(moved, at).draft;

const SUBMISSION = { key: KEY, attempt: 2, round: 3, at: 5, digest: DIGEST, valid: true, body: Buffer.from('secret') };
const ITEMS: readonly (readonly [what: string, item: TransitionItem])[] = [
  ['decided', item({ type: 'decided', decision: 'release', codes: [], verdicts: {}, facts: {} })],
  ['claimed', item({ type: 'claimed', grant: anId(), to: { org: KEY.org, agent: KEY.agent } })],
  ['resulted', item({ type: 'resulted', seq: 1, usage: [] })],
  ['finished', item({ type: 'finished', state: 'DENIED', codes: [], claimed: false, facts: {} })],
  ['moved:SCREENING', item({ type: 'moved', to: 'SCREENING', cause: 'result' })],
];
const header = (draft: EntryDraft): Record<string, unknown> =>
  JSON.parse(headerBytes(draft, PLACE).toString()) as Record<string, unknown>;

describe('the header of an entry', () => {
  it.each([['submitted', submissionDraft(SUBMISSION)], ...ITEMS.map(([w, i]) => [w, transitionDraft(i, 5)] as const)])(
    'of %s is canonical and says whose, which and where it is',
    (type, draft) => {
      const bytes = headerBytes(draft, PLACE, PAYLOAD).toString();
      expect(bytes).toBe(canonicalJson(JSON.parse(bytes) as object));
      const { org, agent, task } = KEY;
      const place = { seq: 7, prev: PLACE.prev, at: '1970-01-01T00:00:00.005Z', payload: PAYLOAD };
      expect(JSON.parse(bytes)).toMatchObject({ v: 2, org, agent, task, attempt: 2, round: 3, type, ...place });
    },
  );

  it.each(ITEMS)('of %s is the same for every replay, whatever the message adds to itself', (_what, moved) => {
    const replayed = { ...moved, nonce: 'BBBBBBBBBBBBBBBBBBBBBB', at: '2027-01-01T00:00:00.000Z' };
    expect(headerBytes(transitionDraft(replayed, 5), PLACE).toString()).toEqual(
      headerBytes(transitionDraft(moved, 5), PLACE).toString(),
    );
  });

  it('gives every event of a task an id of its own', () => {
    const drafts = [submissionDraft(SUBMISSION), ...ITEMS.map(([, i]) => transitionDraft(i, 5))];
    const others = [
      submissionDraft({ ...SUBMISSION, round: 4 }),
      submissionDraft({ ...SUBMISSION, attempt: 3 }),
      submissionDraft({ ...SUBMISSION, key: aTaskKey({ org: KEY.org, agent: KEY.agent }) }),
      transitionDraft(item({ type: 'moved', to: 'RELEASING', cause: 'result' }), 5),
    ];
    const ids = [...drafts, ...others].map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('holds nothing but what is listed, so that no text of a task comes into the record', () => {
    const common =
      'actor agent at attempt id inputDigest org parent payload prev root round seq task trace type userRef v'.split(
        ' ',
      );
    expect(Object.keys(header(submissionDraft(SUBMISSION))).sort()).toEqual(
      [...common, 'target', 'taskType', 'valid'].sort(),
    );
    expect(headerBytes(submissionDraft(SUBMISSION), PLACE).toString()).not.toContain('secret');
    const own = ITEMS.map(([, i]) => Object.keys(header(transitionDraft(i, 5))).filter((k) => !common.includes(k)));
    const facts =
      'agentLevel agentScore clause connection estimateMicros guardrails missing nextOpenAt priceBookVersion retryAfterMs spanHashes target targetLevel targetOrg targetScore taskType versions';
    expect(own.map((keys) => keys.sort())).toEqual(
      [
        `actionDigest codes decision deliverDigest primary verdicts ${facts}`,
        'grant target targetOrg',
        'models outputDigest resultSequence',
        `claimed code codes costMicros output outputDigest state ${facts}`,
        'cause to',
      ].map((keys) => keys.split(' ').sort()),
    );
  });

  it('takes what has no canonical form as text, so that no control can stop the record', () => {
    const guardrails = [{ id: 'pii', version: 1, outcome: 'NOT_TRIGGERED', action: 'BLOCK', ms: 2 }];
    const facts = { versions: { policy: { engine: 1.5, org: 3 } }, guardrails };
    const draft = transitionDraft(item({ type: 'decided', decision: 'release', codes: [], verdicts: {}, facts }), 5);
    expect(header(draft)).toMatchObject({ versions: { policy: { engine: '1.5', org: 3 } } });
    expect(JSON.stringify(header(draft)['guardrails'])).not.toContain('ms');
  });

  it('names the person who moved or approved a task, and the dispatcher where nobody did', () => {
    const actor = (i: TransitionItem): unknown => header(transitionDraft(i, 5))['actor'];
    const person = { kind: 'person', id: 'p1' };
    expect(actor(item({ type: 'moved', to: 'RELEASING', cause: 'approved', actor: 'p1' }))).toEqual(person);
    const approval = { number: 1, stage: 'PRE_RELEASE', org: KEY.org, decision: 'APPROVE', actionDigest: DIGEST };
    expect(actor(item({ type: 'approval', ...approval, by: 'p1' }))).toEqual(person);
    expect(actor(item({ type: 'moved', to: 'SCREENING', cause: 'result' }))).toEqual({
      kind: 'service',
      id: 'dispatcher',
    });
  });
});
