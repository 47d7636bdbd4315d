import { describe, expect, it } from '@jest/globals';
import { CONTROLS, type Evaluation } from '@countersign/contracts';
import { Metrics, type Labels } from '@countersign/telemetry';
import { aTaskKey, capturedLog } from '@countersign/testing';
import { CheckEnforcement } from './check-enforcement.js';
import { evaluationText, RecordLookup } from './ports.js';

const verdicts = Object.fromEntries(CONTROLS.map((control) => [control, { leaf: 'sha256:1', decision: 'APPROVE' }]));
const RELEASE = JSON.stringify({ type: 'decided', decision: 'release', verdicts });

class Counted extends Metrics {
  readonly seen: string[] = [];
  add(name: string, labels: Labels = {}): void {
    this.seen.push(`${name} ${labels['valid'] ?? ''}`);
  }
  observe(): void {
    // nothing is measured here
  }
  gauge(): void {
    // nothing is read here
  }
}

function trial(decisions: ReadonlyMap<string, string> | Error) {
  const record: RecordLookup = Object.assign(Object.create(RecordLookup.prototype) as RecordLookup, {
    decisions: () => (decisions instanceof Error ? Promise.reject(decisions) : Promise.resolve(decisions)),
  });
  const [metrics, log] = [new Counted(), capturedLog('audit')];
  return { metrics, log, check: new CheckEnforcement(record, metrics, log.logger) };
}

describe('a claim that is recorded', () => {
  const claim: Evaluation = { key: aTaskKey(), attempt: 1, round: 2 };

  it('counts as valid where its release stands in the chain', async () => {
    const { metrics, log, check } = trial(new Map([[evaluationText(claim), RELEASE]]));
    await check.of([claim]);
    expect(metrics.seen).toEqual(['countersign_enforcement_total true']);
    expect(log.lines).toEqual([]);
  });

  it('does not where only another round was released, and is told of', async () => {
    const { metrics, log, check } = trial(new Map([[evaluationText({ ...claim, round: 1 }), RELEASE]]));
    await check.of([claim]);
    expect(metrics.seen).toEqual(['countersign_enforcement_total false']);
    expect(log.lines).toMatchObject([{ level: 'error', task: claim.key.task, round: 2 }]);
  });

  it('is looked at again where the chain cannot be read', async () => {
    const { metrics, check } = trial(new Error('the database is away'));
    await expect(check.of([claim])).rejects.toThrow('away');
    expect(metrics.seen).toEqual([]);
  });
});
