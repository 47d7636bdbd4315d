import { expect, it } from '@jest/globals';
import { Clock } from '@countersign/primitives';
import type { Bus } from '@countersign/bus';
import { anAgent, aTaskKey, capturedLog, FixedClock, testKeys } from '@countersign/testing';
import type { TaskRecord } from '../../domain/model.js';
import { Answers } from './answers.js';
import type { TaskStore } from './task.store.js';

/** The database's clock while the database does not answer. */
class UnusableClock extends Clock {
  now(): number {
    throw new Error('the database clock was not measured within 3 s');
  }
}

const at = new FixedClock().now();
const denied: TaskRecord = {
  key: aTaskKey(),
  attempt: 1,
  round: 1,
  state: 'DENIED',
  seq: 7,
  acceptedAt: at,
  endedAt: at,
  digest: `sha256:${'a'.repeat(64)}`,
  task: {
    taskType: 'chat',
    target: anAgent().agent,
    deadline: at + 60_000,
    instance: undefined,
    models: null,
    tools: null,
    usesModels: false,
    idempotent: true,
  },
  facts: {},
  codes: [],
  covered: [],
  claim: 'NONE',
};

it('an answer that cannot be written ends nothing, and is not noted as sent', async () => {
  const noted: unknown[] = [];
  const asked: string[] = [];
  const log = capturedLog();
  const store = { bodies: async () => new Map(), noteAnswered: async (batch: unknown) => void noted.push(batch) };
  const bus = { requests: { request: async (subject: string) => void asked.push(subject) } };
  const answers = new Answers(
    bus as unknown as Bus,
    testKeys().keyOf('dispatcher'),
    new UnusableClock(),
    store as unknown as TaskStore,
    log.logger,
  );
  answers.send(denied);
  await answers.stop();
  expect({ asked, noted }).toEqual({ asked: [], noted: [] });
  expect(log.lines.map(({ msg }) => msg)).toEqual(['an answer could not be sent']);
});
