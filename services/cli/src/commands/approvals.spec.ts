import { describe, expect, it } from '@jest/globals';
import type { PendingApproval } from '@countersign/contracts';
import { anId, aTaskKey } from '@countersign/testing';
import { approvalLines } from './approvals.js';

const task = aTaskKey();
const target = anId();
const action = {
  ...{ v: 1, org: task.org, taskId: task.task, attempt: 1, connectionId: anId(), clientAgentId: task.agent },
  ...{ targetAgentId: target, taskType: 'deploy', payloadDigest: `sha256:${'a'.repeat(64)}`, models: null, tools: [] },
  ...{ estimateMicros: '75000000', currency: 'USD' },
  grant: { models: null, tools: [], dataStores: null, dataClasses: null, taskTypes: null, hopsLeft: 4 },
};
const request = {
  ...{ task, attempt: 1, round: 1, stage: 'PRE_RELEASE', severity: 'INFO', action },
  ...{ actionDigest: `sha256:${'b'.repeat(64)}`, reasons: [{ service: 'policy', code: 'APPROVAL_TASK_TYPE' }] },
  ...{ required: 2, approvedBy: ['ann'], eligible: [{ operator: anId(), name: 'bob' }], stuck: false },
  ...{ requestedAt: '2026-11-25T08:00:00.000Z', expiresAt: '2026-11-25T12:00:00.000Z' },
} as unknown as PendingApproval;

describe('what waits for people', () => {
  it('is told with the names of both agents, the cost, what may be used, and who may still decide', () => {
    const names: Readonly<Record<string, string>> = { [task.agent]: 'caller', [target]: 'worker' };
    const text = approvalLines(request, (id) => names[id] ?? id).join('\n');
    expect(text).toContain('deploy of caller for worker, 75.00 USD, models any, tools none');
    expect(text).toContain('2 needed, approved by ann; may still decide: bob');
  });

  it('names an agent of another organisation by its id', () => {
    expect(approvalLines(request, (id) => id).join('\n')).toContain(`for ${target}`);
  });
});
