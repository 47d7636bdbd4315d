import { expect, it } from '@jest/globals';
import { decidedItemSchema, packLines, type RecordedItem } from '@countersign/contracts';
import type { FrameWriter, ReceivedItem } from '@countersign/bus';
import { Readiness } from '@countersign/service-host';
import { aTaskKey, capturedLog, FixedClock, SeededRandom } from '@countersign/testing';
import { NoMetrics, NoTracer } from '@countersign/telemetry';
import { CheckEnforcement } from '../../application/check-enforcement.js';
import { Chains, RecordLookup } from '../../application/ports.js';
import type { EntryDraft } from '../../domain/entry-draft.js';
import { RecordWhenTasksMove } from './record-when-tasks-move.consumer.js';

const DIGEST = `sha256:${'1'.repeat(64)}` as const;

it('a decision with a verdict line that is not the one decided on is recorded without it, and told of', async () => {
  const { org, agent, task } = aTaskKey();
  const item = decidedItemSchema.parse({
    ...{ type: 'decided', nonce: 'AAAAAAAAAAAAAAAAAAAAAA', task: { org, agent, id: task }, attempt: 1, round: 1 },
    ...{ digest: DIGEST, at: '2026-11-24T10:00:00.000Z', decision: 'deny', codes: [], facts: {} },
    verdicts: { trust: { frame: DIGEST, index: 0, leaf: DIGEST } },
    packedLines: packLines({ trust: 'a text that was never signed' }),
  });
  const appended: EntryDraft[] = [];
  const append = async (drafts: readonly EntryDraft[]) => {
    appended.push(...drafts);
    return drafts.map((_, position) => ({ position, leaf: DIGEST }));
  };
  const chains: Chains = Object.assign(Object.create(Chains.prototype) as Chains, { append });
  const written: RecordedItem[] = [];
  const writer = { write: async (_kind: string, items: readonly RecordedItem[]) => void written.push(...items) };
  const log = capturedLog('audit');
  const [clock, random] = [new FixedClock(), new SeededRandom('record')];
  const consumer = new RecordWhenTasksMove(
    chains,
    writer as unknown as FrameWriter,
    clock,
    random,
    log.logger,
    new NoTracer(),
    new NoMetrics(),
    new CheckEnforcement(Object.create(RecordLookup.prototype) as RecordLookup, new NoMetrics(), log.logger),
    new Readiness(),
  );
  await consumer.record([{ item, streamAt: 1 } as ReceivedItem<typeof item>]);
  expect(log.lines).toMatchObject([{ alert: 'INVALID_FRAME', control: 'trust', failure: 'verdict line', task }]);
  expect(JSON.stringify(log.lines)).not.toContain('never signed');
  expect(appended).toHaveLength(1);
  expect(appended[0]?.payload).toBeUndefined();
  expect(written).toMatchObject([{ kind: 'decided', position: 0 }]);
});
