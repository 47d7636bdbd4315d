import { describe, expect, it } from '@jest/globals';
import type { PendingApproval } from '@countersign/contracts';
import { pageOfApprovals } from './approval-page.js';

const request = (name: string, length: number): PendingApproval =>
  ({ actionDigest: name, approvedBy: ['x'.repeat(length)] }) as unknown as PendingApproval;
const namesOf = (requests: readonly PendingApproval[]): readonly string[] =>
  requests.map(({ actionDigest }) => actionDigest);

describe('what waits for people', () => {
  it('is shown oldest first where all of it fits', () => {
    const all = [request('b', 300), request('a', 100)];
    const { requests, left, taken } = pageOfApprovals(all, 1_000);
    expect([namesOf(requests), left, taken]).toEqual([['b', 'a'], 0, 2]);
  });

  it('goes on in the next answer where it does not', () => {
    const all = [request('first', 500), request('second', 500), request('third', 100)];
    const { requests, left, taken } = pageOfApprovals(all, 1_000);
    expect([namesOf(requests), left, taken]).toEqual([['first'], 0, 1]);
    expect(namesOf(pageOfApprovals(all.slice(taken), 1_000).requests)).toEqual(['second', 'third']);
  });

  it('passes over what fits into no answer, and keeps nothing else from being shown for it', () => {
    const all = [request('large', 2_000), request('small', 100), request('larger', 3_000), request('other', 100)];
    const { requests, left, taken } = pageOfApprovals(all, 1_000);
    expect([namesOf(requests), left, taken]).toEqual([['small', 'other'], 2, 4]);
  });
});
