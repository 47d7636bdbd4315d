import { describe, expect, it } from '@jest/globals';
import { NoMetrics } from '@countersign/telemetry';
import { DependencyUnavailable } from '@countersign/bus';
import { aSubmission, aTaskKey, FixedClock, silentLogger } from '@countersign/testing';
import type { Chains } from '../../application/ports.js';
import { RecordWhenTasksSubmitted } from './record-when-tasks-submitted.consumer.js';

const clock = new FixedClock();

const dryRun = (head: () => Promise<unknown>) => {
  const chains = {
    head,
    append: () => Promise.reject(new Error('a dry run records nothing')),
  } as unknown as Chains;
  const { key, body } = aSubmission({ key: aTaskKey({ at: clock.now() }) });
  const controller = new RecordWhenTasksSubmitted(chains, clock, silentLogger('audit'), new NoMetrics());
  return controller.dryRun({ task: key, envelope: body.toString('base64') });
};

describe('a dry run', () => {
  it('is approved while the chain can be read, and names no entry because none is made', async () => {
    const answer = await dryRun(() => Promise.resolve({ size: 3, last: undefined }));
    expect(answer).toEqual({ decision: 'APPROVE', codes: [], details: {}, versions: {} });
  });

  it('is denied when the chain cannot be read', async () => {
    expect(await dryRun(() => Promise.reject(new Error('broken')))).toMatchObject({
      decision: 'DENY',
      codes: [{ code: 'CONTROL_ERROR' }],
    });
  });

  it('is not answered while the database is away: whoever asked denies', async () => {
    await expect(dryRun(() => Promise.reject(new DependencyUnavailable('postgresql')))).rejects.toThrow();
  });
});
