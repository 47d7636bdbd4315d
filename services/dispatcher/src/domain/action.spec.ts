import { describe, expect, it } from '@jest/globals';
import { sha256 } from '@countersign/primitives';
import type { Action } from '@countersign/contracts';
import { actionDigest, sameButGrant } from './action.js';

/** The example of the specification (F.1), made by its reference. */
const ACTION: Action = {
  v: 1,
  org: '0192f000-0000-7000-8000-00000000000a',
  taskId: '0192f000-0000-7000-8000-0000000000e1',
  attempt: 1,
  connectionId: '0192f000-0000-7000-8000-0000000000d1',
  clientAgentId: '0192f000-0000-7000-8000-0000000000b1',
  targetAgentId: '0192f000-0000-7000-8000-0000000000b2',
  taskType: 'code_review',
  payloadDigest: `sha256:${sha256('{"repo":"acme/app"}').toString('hex')}`,
  models: ['claude-3-5-sonnet'],
  tools: ['read_file'],
  estimateMicros: '75000000',
  currency: 'USD',
  grant: {
    taskTypes: ['code_review'],
    models: ['claude-3-5-sonnet'],
    tools: ['read_file'],
    dataStores: null,
    dataClasses: null,
    maxCostMicros: '100000000',
    notAfter: '2026-11-22T13:00:00.000Z',
    hopsLeft: 3,
  },
};

describe('the digest of an action', () => {
  it('is the one of the reference', () => {
    expect(actionDigest(ACTION)).toBe('sha256:edffcb8efa491a9257db30dafbef8d527074fd19ff0e03aa4d5a2aa227872f52');
  });

  it.each(Object.keys(ACTION))('changes with its %s', (field) => {
    expect(actionDigest({ ...ACTION, [field]: null })).not.toBe(actionDigest(ACTION));
  });

  it('does not depend on the order of its fields', () => {
    const reversed = Object.fromEntries(Object.entries(ACTION).reverse()) as unknown as Action;
    expect(actionDigest(reversed)).toBe(actionDigest(ACTION));
  });

  it('is of the same action but for the grant where nothing else differs', () => {
    expect(sameButGrant(ACTION, { ...ACTION, grant: { ...ACTION.grant, tools: [] } })).toBe(true);
    expect(sameButGrant(ACTION, { ...ACTION, taskType: 'chat' })).toBe(false);
  });
});
