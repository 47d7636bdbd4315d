import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { formatDigest, merkleLeaf, utf8 } from '@countersign/primitives';
import { decidedItemSchema, packLines, type DecidedItem } from '@countersign/contracts';
import { aTaskKey } from '@countersign/testing';
import { checkVerdicts } from './verdict-lines.js';

const KEY = aTaskKey();
const DIGEST = `sha256:${'1'.repeat(64)}`;
const TASK = { org: KEY.org, agent: KEY.agent, id: KEY.task };
const VERDICT = {
  type: 'verdict',
  task: TASK,
  attempt: 1,
  round: 1,
  decision: 'DENY',
  codes: [{ code: 'EXPLICIT_DENY', clause: 90 }],
};
const leafOf = (line: string): string => formatDigest(merkleLeaf(utf8(line)));

function decided(line: string | undefined, leaf: string): DecidedItem {
  return decidedItemSchema.parse({
    ...{ type: 'decided', nonce: 'AAAAAAAAAAAAAAAAAAAAAA', task: TASK, attempt: 1, round: 1, digest: DIGEST },
    ...{ at: '2026-11-24T10:00:00.000Z', decision: 'deny', codes: [], facts: {} },
    verdicts: { policy: { frame: DIGEST, index: 0, leaf } },
    ...(line === undefined ? {} : { packedLines: packLines({ policy: line }) }),
  });
}

describe('the verdicts of a decision', () => {
  it('are sealed as they were signed, and told by decision and codes', () => {
    const line = JSON.stringify(VERDICT);
    const { compact, payload, mismatched } = checkVerdicts(decided(line, leafOf(line)));
    expect(compact).toEqual({ policy: { leaf: leafOf(line), decision: 'DENY', codes: VERDICT.codes } });
    expect(JSON.parse(payload?.bytes.toString() ?? '')).toEqual({ policy: line });
    expect(inflateRawSync(payload?.deflated ?? '')).toEqual(payload?.bytes);
    expect(mismatched).toEqual([]);
  });

  it('are not sealed as they came packed where one is left out, or the packer wrote them in another form', () => {
    const [line, other] = [JSON.stringify(VERDICT), JSON.stringify({ ...VERDICT, round: 2 })];
    const ref = (text: string) => ({ frame: DIGEST, index: 0, leaf: leafOf(text) });
    const withOther = {
      ...decided(line, leafOf(line)),
      verdicts: { policy: ref(line), trust: ref(other) },
      packedLines: packLines({ policy: line, trust: other }),
    };
    const spaced = {
      ...decided(line, leafOf(line)),
      packedLines: deflateRawSync(JSON.stringify({ policy: line }, undefined, 1)).toString('base64url'),
    };
    for (const item of [withOther, spaced]) {
      const { payload } = checkVerdicts(item);
      expect(payload?.bytes.toString()).toBe(JSON.stringify({ policy: line }));
      expect(payload?.deflated).toBeUndefined();
    }
  });

  it('are told by their leaf alone where no line came', () => {
    const { compact, payload, mismatched } = checkVerdicts(decided(undefined, DIGEST));
    expect(compact).toEqual({ policy: { leaf: DIGEST, decision: null, codes: null } });
    expect(payload).toBeUndefined();
    expect(mismatched).toEqual([]);
  });

  it('do not count with lines that cannot be unpacked', () => {
    const item = { ...decided(undefined, DIGEST), packedLines: 'AAAA' };
    const { compact, payload, mismatched } = checkVerdicts(item);
    expect(mismatched).toEqual(['policy']);
    expect(compact).toEqual({ policy: { leaf: DIGEST, decision: null, codes: null } });
    expect(payload).toBeUndefined();
  });

  it.each<readonly [what: string, line: string, leaf?: string]>([
    ['another leaf', JSON.stringify(VERDICT), DIGEST],
    ['another task', JSON.stringify({ ...VERDICT, task: { ...TASK, id: KEY.org } })],
    ['another round', JSON.stringify({ ...VERDICT, round: 2 })],
    ['another attempt', JSON.stringify({ ...VERDICT, attempt: 2 })],
    ['another organisation', JSON.stringify({ ...VERDICT, task: { ...TASK, org: KEY.task } })],
    ['no verdict', JSON.stringify({ ...VERDICT, type: 'withdraw' })],
    ['no JSON', 'hello'],
  ])('do not count with a line of %s', (_what, line, leaf = leafOf(line)) => {
    const { compact, payload, mismatched } = checkVerdicts(decided(line, leaf));
    expect(mismatched).toEqual(['policy']);
    expect(compact).toEqual({ policy: { leaf, decision: null, codes: null } });
    expect(payload).toBeUndefined();
  });
});
