import { describe, expect, it } from '@jest/globals';
import { screenItemSchema } from '@countersign/contracts';
import type { FrameWriter } from '@countersign/bus';
import { anAgent, anId, ANY_GRANT, FixedClock, SeededRandom, aTaskKey } from '@countersign/testing';
import type { TaskRecord } from '../../domain/model.js';
import { ScreeningPublisher } from './screening.publisher.js';

const clock = new FixedClock();
const DIGEST = `sha256:${'a'.repeat(64)}`;
const RESULT = `sha256:${'b'.repeat(64)}`;

const row = (changes: Partial<TaskRecord> = {}): TaskRecord => ({
  key: aTaskKey(),
  attempt: 2,
  round: 1,
  state: 'SCREENING',
  seq: 7,
  acceptedAt: clock.now(),
  digest: DIGEST,
  task: {
    taskType: 'chat',
    target: 'b',
    deadline: clock.now() + 60_000,
    instance: undefined,
    models: null,
    tools: null,
    usesModels: false,
    idempotent: true,
  },
  facts: {},
  codes: [],
  covered: [],
  claim: 'CLAIMED',
  grantId: anId(),
  claimedAt: clock.now(),
  connection: { id: anId(), ...anAgent() },
  grant: ANY_GRANT,
  retry: { strategy: 'format_hint', number: 1 },
  result: { seq: 3, digest: RESULT, usage: [], tools: [] },
  ...changes,
});

async function asked(record: TaskRecord) {
  const items: unknown[] = [];
  const writer = { write: (_kind: string, written: readonly unknown[]) => Promise.resolve(items.push(...written)) };
  await new ScreeningPublisher(writer as unknown as FrameWriter, clock, new SeededRandom('s')).request([record]);
  return items.map((item) => screenItemSchema.parse(item));
}

describe('a request to screen a result', () => {
  it('says what was judged, of which kind, and whether and how often it may be tried again', async () => {
    expect(await asked(row())).toMatchObject([
      {
        attempt: 2,
        digest: RESULT,
        seq: 3,
        input: { seq: 7, digest: DIGEST },
        taskType: 'chat',
        idempotent: true,
        retriesUsed: 1,
      },
    ]);
  });

  it('names no place of the input that the log holds no more', async () => {
    const [item] = await asked(row({ claimedAt: clock.now() - 59 * 60_000 }));
    expect(item).not.toHaveProperty('input');
  });

  it('is not made without a result', async () => {
    const { result: _result, ...bare } = row();
    expect(await asked(bare)).toEqual([]);
  });
});
