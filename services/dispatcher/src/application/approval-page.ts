import type { PendingApproval } from '@countersign/contracts';

/** Bytes of one answer: with its envelope well below what the bus takes in a message. */
const MOST_BYTES = 800_000;

/** What one answer holds. */
export interface ApprovalPage {
  readonly requests: readonly PendingApproval[];
  /** How many of those that were looked at fit into no answer. */
  readonly left: number;
  /** How many were looked at; the next answer begins after them. */
  readonly taken: number;
}

/** The first of the requests, as many as fit into one answer. One that is too large alone is passed over, so that it keeps none of the others from being shown. */
export function pageOfApprovals(requests: readonly PendingApproval[], most = MOST_BYTES): ApprovalPage {
  const page: PendingApproval[] = [];
  let [sum, left] = [0, 0];
  for (const request of requests) {
    const bytes = Buffer.byteLength(JSON.stringify(request)) + 1;
    if (bytes > most) {
      left += 1;
      continue;
    }
    if (sum + bytes > most) break;
    sum += bytes;
    page.push(request);
  }
  return { requests: page, left, taken: page.length + left };
}
