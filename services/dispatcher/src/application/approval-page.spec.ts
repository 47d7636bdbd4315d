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
    const { requests, left } = pageOfApprovals(all, 1_000);
    expect([namesOf(requests), left]).toEqual([['b', 'a'], 0]);
  });

  it('leaves out the largest where it does not, never the small ones of others', () => {
    const all = [request('large', 900), request('small', 100), request('larger', 2_000), request('other', 100)];
    const { requests, left } = pageOfApprovals(all, 1_000);
    expect([namesOf(requests), left]).toEqual([['small', 'other'], 2]);
  });
});
