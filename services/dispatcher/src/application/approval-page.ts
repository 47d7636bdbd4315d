import type { PendingApproval } from '@countersign/contracts';

/** Bytes of one answer: with its envelope well below what the bus takes in a message. */
const MOST_BYTES = 800_000;

/** What fits into one answer, and how much was left out. */
export interface ApprovalPage {
  readonly requests: readonly PendingApproval[];
  readonly left: number;
}

/**
 * The requests that fit into one answer, oldest first. Small ones come before large ones: whoever holds tasks with long lists can keep their own from being shown,
 * never those of others.
 */
export function pageOfApprovals(requests: readonly PendingApproval[], most = MOST_BYTES): ApprovalPage {
  const sized = requests.map((request) => ({ request, bytes: Buffer.byteLength(JSON.stringify(request)) + 1 }));
  const chosen = new Set<PendingApproval>();
  let sum = 0;
  for (const { request, bytes } of sized.toSorted((a, b) => a.bytes - b.bytes)) {
    sum += bytes;
    if (sum > most) break;
    chosen.add(request);
  }
  return { requests: requests.filter((request) => chosen.has(request)), left: requests.length - chosen.size };
}
