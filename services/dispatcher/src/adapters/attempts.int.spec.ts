import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SystemClock, SystemRandom } from '@countersign/primitives';
import {
  CONTROLS,
  resultDigest,
  type ResultData,
  type ScreenedItem,
  type TransitionItem,
  type Usage,
} from '@countersign/contracts';
import type { CommandClient, ResultMessage } from '@countersign/bus';
import type { ReadModels, ServiceConfig } from '@countersign/service-host';
import type { Database } from '@countersign/store';
import {
  aSubmission,
  aTaskKey,
  aTaskMessage,
  aVerdict,
  anId,
  capturedLog,
  testDatabase,
  type TestDatabase,
} from '@countersign/testing';
import type { Charges } from '../application/charges.js';
import { Dispatch } from '../application/dispatch.js';
import { EvaluationBoard } from '../application/evaluation-board.js';
import { NoMetrics, NoTracer } from '@countersign/telemetry';
import { TaskObservation } from '../application/task-observation.js';
import { Approvers } from '../application/approval-ports.js';
import { Callers, LaterRounds, Screening, Targets, Transitions } from '../application/ports.js';
import { ORDINARY_TERMS, type ApprovalTerms } from '../domain/approval-terms.js';
import { takeVerdict } from '../domain/evaluation.js';
import type { Evaluation, TaskRecord } from '../domain/model.js';
import { dispatcherMigrations } from '../migrations/index.js';
import { Intake } from './in/intake.js';
import { ReportUsage } from './in/report-usage.controller.js';
import { ScreenedResults } from './in/screened-results.js';
import { TakeResults } from './in/take-results.consumer.js';
import { Answers } from './out/answers.js';
import type { StoredBytes } from './out/stored-bytes.js';
import { TaskStore } from './out/task.store.js';
import { MAX_REPORTED, UsageReports } from './out/usage-reports.js';

jest.setTimeout(60_000);

const clock = new SystemClock();
const DIGEST = `sha256:${'0'.repeat(64)}`;
const REF = { frame: DIGEST, index: 0, leaf: DIGEST };
const log = capturedLog('dispatcher');
/** Ten micros a call: what is charged shows what was counted. */
const charges = { of: (_row: TaskRecord, cost: { usage: readonly Usage[] }) => String(cost.usage.length * 10) };
let bytes: { output?: Buffer; input?: Buffer };
let failures: number;
let told: string[];
let rounds: TaskRecord[];
let published: TransitionItem[];

let database: TestDatabase;
let opened: Database;
let store: TaskStore;
let dispatch: Dispatch;
let results: TakeResults;
let screened: ScreenedResults;
let usage: ReportUsage;

class Told extends Callers {
  override send = (record: TaskRecord): void => void told.push(`${record.state} ${record.attempt}`);
  override stop = async (): Promise<void> => Promise.resolve();
}
class Published extends Transitions {
  override publish = (items: readonly TransitionItem[]): void => void published.push(...items);
  override stop = async (): Promise<void> => Promise.resolve();
}
class Delivered extends Targets {
  override deliver = async (): Promise<boolean> => Promise.resolve(true);
}
class Round extends LaterRounds {
  override publish = async (record: TaskRecord): Promise<void> => Promise.resolve(void rounds.push(record));
}
class NobodyAsked extends Approvers {
  override termsFor = (): ApprovalTerms => ORDINARY_TERMS;
  override asked = (): void => undefined;
}
class Asked extends Screening {
  override request = async (): Promise<void> => Promise.resolve();
}

const config: ServiceConfig = {
  values: { COUNTERSIGN_SEAL_KEY_FILE: Buffer.alloc(32, 1), COUNTERSIGN_INTAKE_PER_10S: 3 },
};
const models = {
  registry: { get: () => undefined, entries: () => [], onChange: () => undefined },
} as unknown as ReadModels;

beforeAll(async () => {
  database = await testDatabase('dispatcher', dispatcherMigrations);
  opened = await database.open();
  store = new TaskStore(opened, new SystemRandom(), config);
  const observation = new TaskObservation(new NoTracer(), new NoMetrics(), clock, log.logger);
  const ports = [new Published(), new Told(), new Delivered(), new Round(), new Asked()] as const;
  dispatch = new Dispatch(new EvaluationBoard(), store, ...ports, log.logger, models, new NobodyAsked(), observation);
  const stored = {
    transformedOutput: () =>
      failures-- > 0 ? Promise.reject(new Error('the bus is away')) : Promise.resolve(bytes.output),
    input: () => Promise.resolve(bytes.input),
  } as unknown as StoredBytes;
  results = new TakeResults(store, dispatch, charges as unknown as Charges, observation, log.logger);
  screened = new ScreenedResults(store, dispatch, charges as unknown as Charges, stored, log.logger);
  usage = new ReportUsage(store, new UsageReports(opened), dispatch, charges as unknown as Charges);
});
afterAll(() => database.drop());
beforeEach(() => {
  [bytes, failures, told, rounds, published] = [{}, 0, [], [], []];
});

/** A task that six controls approved and that was claimed. */
async function claimed(key = aTaskKey({ at: Date.now() })): Promise<TaskRecord> {
  const { body } = aSubmission({ key, data: { idempotent: true } });
  const now = Date.now();
  const message = aTaskMessage({ key, body, streamAt: now });
  const task = {
    taskType: 'chat',
    target: '',
    deadline: now + 600_000,
    instance: undefined,
    models: null,
    tools: null,
    usesModels: false,
    idempotent: true,
  };
  const { attempt, round, seq, digest } = message;
  const counted = { verdicts: new Map(), missing: new Map(), deniedAt: undefined };
  const evaluation: Evaluation = { key, attempt, round, seq, streamAt: now, digest, task, ...counted };
  for (const control of CONTROLS)
    takeVerdict(evaluation, control, aVerdict(message, control, { clock }), { ref: REF, at: now });
  await store.adopt([{ evaluation, body, currency: 'USD', terms: ORDINARY_TERMS }]);
  const [changed] = await store.claim([{ key, attempt: 1, round: 1 }]);
  if (changed === undefined) throw new Error('not claimed');
  return changed.record;
}

const use = (count: number): Usage[] =>
  Array.from({ length: count }, () => ({ model: 'm', inputTokens: 1, outputTokens: 1 }));
const bodyOf = (row: TaskRecord, data: Partial<ResultData> = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id: row.key.task,
      source: `agent:${row.connection?.org}/${row.connection?.agent}`,
      type: 'dev.countersign.result.v1',
      time: '2026-11-25T08:00:00.000Z',
      datacontenttype: 'application/json',
      data: {
        status: 'completed',
        attempt: row.attempt,
        grant: row.grantId,
        parts: [{ text: 'as the target gave it' }],
        usage: use(1),
        tools: [],
        ...data,
      },
    }),
  );
const resultOf = (row: TaskRecord, changes: Partial<ResultMessage> = {}): ResultMessage => ({
  org: row.connection?.org ?? '',
  agent: row.connection?.agent ?? '',
  grant: row.grantId ?? '',
  seq: 1,
  streamAt: Date.now(),
  subject: 'res',
  body: bodyOf(row),
  ...changes,
});
const now = async (row: TaskRecord): Promise<TaskRecord> => {
  const [stored] = await store.read([row]);
  if (stored === undefined) throw new Error('no row');
  return stored.record;
};
const stateOf = async (row: TaskRecord): Promise<string> => (await now(row)).state;
/** The deadline passes, and nobody has looked yet. */
const pastDeadline = (row: TaskRecord): Promise<unknown> =>
  database.asSuper(
    `update dispatcher.task set record = jsonb_set(record::jsonb, '{task,deadline}', '1')::json, timer_at = now() where task_id = $1`,
    [row.key.task],
  );

describe('a result', () => {
  it('of its target under its grant is taken for screening, its bytes sealed', async () => {
    const row = await claimed();
    await results.take([resultOf(row)]);
    expect(await stateOf(row)).toBe('SCREENING');
    expect(await store.body(row, 'out')).toEqual(bodyOf(row));
  });

  it.each<[string, (row: TaskRecord) => Partial<ResultMessage>]>([
    ['from another agent', () => ({ agent: anId() })],
    ['from an agent of another organisation', () => ({ org: anId() })],
    ['under a grant that nobody has', () => ({ grant: anId() })],
    ['that does not name its grant', (row) => ({ body: bodyOf(row, { grant: anId() }) })],
    ['that is no JSON', () => ({ body: Buffer.from('done!') })],
  ])('%s changes nothing', async (_what, changes) => {
    const row = await claimed();
    await results.take([resultOf(row, changes(row))]);
    expect(await stateOf(row)).toBe('DISPATCHED');
    expect(await store.body(row, 'out')).toBeUndefined();
    await results.take([resultOf(row)]);
    expect(await stateOf(row)).toBe('SCREENING');
  });

  it.each<[string, (row: TaskRecord) => Buffer]>([
    ['of the wrong shape', (row) => bodyOf(row, { parts: 'none' as unknown as [] })],
    ['of another attempt', (row) => bodyOf(row, { attempt: 2 })],
    ['that says that it failed', (row) => bodyOf(row, { status: 'failed' })],
  ])('%s under its own grant is a failure', async (_what, body) => {
    const row = await claimed();
    await results.take([resultOf(row, { body: body(row) })]);
    expect(await now(row)).toMatchObject({ state: 'FAILED', primary: 'TASK_FAILED' });
    expect(told).toEqual(['FAILED 1']);
  });

  it('that comes twice is taken once: the first stands, in one batch and in two', async () => {
    const row = await claimed();
    const second = resultOf(row, { seq: 2, body: bodyOf(row, { parts: [{ text: 'something else' }] }) });
    await results.take([resultOf(row), second]);
    await results.take([second]);
    expect((await now(row)).result?.seq).toBe(1);
    expect(await store.body(row, 'out')).toEqual(bodyOf(row));
  });

  it('under a grant that has expired ends nothing well: its task is over, its bytes stay sealed, its cost is corrected once', async () => {
    const row = await claimed();
    await pastDeadline(row);
    await results.take([resultOf(row)]);
    expect(await now(row)).toMatchObject({
      state: 'EXPIRED',
      primary: 'RESULT_TIMEOUT',
      late: { chargedMicros: '10' },
    });
    expect(published.map(({ type }) => type)).toEqual(['finished', 'corrected']);
    expect(await store.body(row, 'out')).toBeDefined();
    await results.take([resultOf(row, { seq: 2, body: bodyOf(row, { usage: use(9) }) })]);
    expect((await now(row)).late?.chargedMicros).toBe('10');
    expect(told).toEqual(['EXPIRED 1']);
  });

  it('that comes after the end corrects the cost, and the caller hears nothing of it', async () => {
    const row = await claimed();
    await pastDeadline(row);
    await dispatch.apply([{ ...row, event: { type: 'timer' } }]);
    await results.take([resultOf(row)]);
    expect(await now(row)).toMatchObject({ state: 'EXPIRED', late: { chargedMicros: '10' } });
    expect(published.map(({ type }) => type)).toEqual(['finished', 'corrected']);
    expect(told).toEqual(['EXPIRED 1']);
  });
});

const screenedItem = (row: TaskRecord, changes: Partial<ScreenedItem>): ScreenedItem => ({
  type: 'screened',
  nonce: 'AAAAAAAAAAA',
  task: { org: row.key.org, agent: row.key.agent, id: row.key.task },
  attempt: row.attempt,
  round: row.round,
  digest: row.result?.digest ?? '',
  outcome: 'ALLOW',
  codes: [],
  details: {},
  versions: {},
  at: new Date().toISOString(),
  ...changes,
});

async function screening(): Promise<TaskRecord> {
  const row = await claimed();
  await results.take([resultOf(row)]);
  return now(row);
}

async function screen(row: TaskRecord, changes: Partial<ScreenedItem>): Promise<TaskRecord> {
  screened.take(screenedItem(row, changes));
  for (;;) {
    const after = await now(row);
    if (after.state !== 'SCREENING') return after;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const partsOf = async (row: TaskRecord): Promise<unknown> => {
  const answers = new Answers({} as never, {} as never, clock, store, log.logger);
  return (await answers.answer(row)).parts;
};

describe('a result that was screened twice', () => {
  it('is what the first screening came to, in one batch too', async () => {
    const row = await claimed();
    await results.take([resultOf(row)]);
    const found = {
      type: 'screened',
      digest: (await now(row)).result?.digest ?? '',
      codes: [],
      chargedMicros: '10',
    } as const;
    await dispatch.apply([
      { ...row, event: { ...found, outcome: 'BLOCK' } },
      { ...row, event: { ...found, outcome: 'ALLOW' } },
    ]);
    expect(await stateOf(row)).toBe('QUARANTINED');
  });
});

describe('a result that screening changed', () => {
  const CHANGED = `sha256:${'c'.repeat(64)}`;

  it('is what the caller gets, and the original stays sealed', async () => {
    const row = await screening();
    bytes.output = bodyOf(row, { parts: [{ text: 'as screening left it' }] });
    const after = await screen(row, { transformedDigest: CHANGED });
    expect(after.state).toBe('COMPLETED');
    expect(await partsOf(after)).toEqual([{ text: 'as screening left it' }]);
    expect(await store.body(row, 'out')).toEqual(bodyOf(row));
    const [finished] = published.filter(({ type }) => type === 'finished');
    expect(finished).toMatchObject({ outputDigest: CHANGED });
    expect(published).toContainEqual(
      expect.objectContaining({
        type: 'resulted',
        digest: resultDigest(
          { org: row.connection?.org ?? '', agent: row.connection?.agent ?? '' },
          row.grantId ?? '',
          bodyOf(row),
        ),
      }),
    );
  });

  it('waits for its bytes while they cannot be read, and keeps no other result waiting', async () => {
    const [row, other] = [await screening(), await screening()];
    failures = 1;
    bytes.output = bodyOf(row, { parts: [{ text: 'as screening left it' }] });
    const [after, otherAfter] = await Promise.all([screen(row, { transformedDigest: CHANGED }), screen(other, {})]);
    expect([after.state, otherAfter.state]).toEqual(['COMPLETED', 'COMPLETED']);
    expect(after.endedAt).toBeGreaterThan(otherAfter.endedAt ?? 0);
  });

  it('is not delivered at all when the changed bytes are not at hand', async () => {
    const row = await screening();
    const after = await screen(row, { transformedDigest: CHANGED });
    expect(after).toMatchObject({ state: 'QUARANTINED', primary: 'GUARDRAIL_UNAVAILABLE' });
    expect(await partsOf(after)).toBeUndefined();
  });
});

describe('a task that is tried again', () => {
  const again = async (): Promise<{ readonly first: TaskRecord; readonly second: TaskRecord }> => {
    const row = await screening();
    bytes.input = Buffer.from('the original bytes');
    const first = await screen(row, {
      outcome: 'RETRY',
      codes: [{ code: 'GUARDRAIL_BLOCKED' }],
      retry: { strategy: 'format_hint', max: 1 },
    });
    const stored = await store.find(row.key);
    if (stored === undefined) throw new Error('no row');
    return { first, second: stored.record };
  };

  it('has one attempt closed and one open, in one commit, and its caller hears of no end', async () => {
    const { first, second } = await again();
    expect(first).toMatchObject({ attempt: 1, state: 'QUARANTINED', replacedBy: 2 });
    expect(second).toMatchObject({
      attempt: 2,
      round: 1,
      state: 'EVALUATING',
      retry: { strategy: 'format_hint', number: 1 },
      replaces: { attempt: 1, how: 'SETTLE', micros: '10' },
    });
    expect(await store.body(second, 'in')).toEqual(Buffer.from('the original bytes'));
    expect(rounds.map(({ attempt }) => attempt)).toEqual([2]);
    expect(told).toEqual([]);
    expect(published.filter(({ type }) => type === 'finished')).toEqual([]);
  });

  it('never takes another result of the attempt before', async () => {
    const { first, second } = await again();
    await results.take([resultOf(first, { seq: 7 })]);
    expect(await now(first)).toEqual(first);
    expect(await stateOf(second)).toBe('EVALUATING');
  });

  it('is tried again once, however often the frame comes', async () => {
    const { first, second } = await again();
    screened.take(screenedItem(first, { outcome: 'RETRY', retry: { strategy: 'format_hint', max: 3 } }));
    await dispatch.apply([
      {
        ...first,
        event: {
          type: 'screened',
          digest: first.result?.digest ?? '',
          outcome: 'ALLOW',
          codes: [],
          chargedMicros: '0',
        },
      },
    ]);
    expect((await store.find(first.key))?.record).toEqual(second);
  });
});

describe('a usage report', () => {
  const report = (row: TaskRecord, count: number, id = anId(), who: Partial<ResultMessage> = {}) =>
    usage.report({
      org: who.org ?? row.connection?.org ?? '',
      agent: who.agent ?? row.connection?.agent ?? '',
      id: who.grant ?? row.grantId ?? '',
      body: { nonce: 'AAAAAAAAAAAAAAAAAAAAAA', report: id, usage: use(count), tools: [] },
    });

  it('of a running task is charged with its result, and once however often it is sent', async () => {
    const row = await claimed();
    const id = anId();
    expect(await report(row, 2, id)).toEqual({ ok: true });
    expect(await report(row, 2, id)).toEqual({ ok: true });
    expect(await report(row, 1)).toEqual({ ok: true });
    await results.take([resultOf(row)]);
    const after = await screen(await now(row), {});
    expect(after.chargedMicros).toBe('40');
    expect(published).toContainEqual(expect.objectContaining({ type: 'resulted', usage: use(4) }));
  });

  it('counts also when the target then fails', async () => {
    const row = await claimed();
    await report(row, 3);
    await results.take([resultOf(row, { body: bodyOf(row, { status: 'failed', usage: [] }) })]);
    expect(await now(row)).toMatchObject({ state: 'FAILED', chargedMicros: '30' });
  });

  it.each<[string, Partial<ResultMessage>]>([
    ['another agent', { agent: anId() }],
    ['another organisation', { org: anId() }],
    ['nobody with a grant', { grant: anId() }],
    ['somebody who names no grant', { grant: 'list' }],
  ])('of %s is refused', async (_who, who) => {
    const row = await claimed();
    expect(await report(row, 1, anId(), who)).toMatchObject({ ok: false, code: 'TASK_NOT_FOUND' });
  });

  it('that is no report is told what is wrong', async () => {
    const row = await claimed();
    const { org = '', agent = '' } = row.connection ?? {};
    const body = { nonce: 'AAAAAAAAAAAAAAAAAAAAAA', report: anId(), usage: [] };
    const reply = await usage.report({ org, agent, id: row.grantId ?? '', body });
    expect(reply).toMatchObject({ ok: false, code: 'REQUEST_INVALID', message: expect.stringContaining('usage') });
  });

  it('beyond what may be reported one by one is refused', async () => {
    const row = await claimed();
    for (let reported = 0; reported < MAX_REPORTED; reported += 100) await report(row, 100);
    expect(await report(row, 1)).toMatchObject({ ok: false, code: 'REQUEST_INVALID' });
  });

  it('while the result is being screened is refused for the moment', async () => {
    expect(await report(await screening(), 1)).toMatchObject({ ok: false, code: 'TEMPORARILY_UNAVAILABLE' });
  });

  it('after the end corrects the cost: the first stands, a further one is refused', async () => {
    const row = await screen(await screening(), {});
    const id = anId();
    expect(await report(row, 2, id)).toEqual({ ok: true });
    expect(await report(row, 2, id)).toEqual({ ok: true });
    expect(await report(row, 5)).toMatchObject({ ok: false, code: 'ALREADY_EXISTS' });
    const corrected = published.filter(({ type }) => type === 'corrected');
    expect(corrected).toMatchObject([{ chargedMicros: '30', usage: use(3) }]);
    expect(await now(row)).toMatchObject({ state: 'COMPLETED', chargedMicros: '10' });
  });
});

describe('agents that were over their quota before a start', () => {
  const intake = (): Intake => new Intake(config, opened, {} as CommandClient, clock, log.logger);

  it('are still refused after it, by the rows that say so', async () => {
    const key = aTaskKey({ at: Date.now() });
    const first = intake();
    const refused = [1, 2, 3, 4].map(() => first.refusalOf(aTaskMessage({ key, streamAt: Date.now() })));
    expect(refused.map((refusal) => refusal?.code.code)).toEqual([undefined, undefined, undefined, 'INTAKE_LIMITED']);
    const { codes: _codes, endedAt: _end, ...row } = await claimed();
    const denied = { ...row, key, state: 'DENIED', claim: 'NONE', acceptedAt: Date.now() } as const;
    const { grantId: _grant, ...bare } = denied;
    await store.end([{ ...bare, codes: [{ code: 'INTAKE_LIMITED' }], primary: 'INTAKE_LIMITED' }]);
    const second = intake();
    await second.restore();
    const next = aTaskMessage({
      key: { ...aTaskKey({ at: Date.now() }), org: key.org, agent: key.agent },
      streamAt: Date.now() + 50,
    });
    expect(second.refusalOf(next)?.code.code).toBe('INTAKE_LIMITED');
    expect(second.refusalOf(aTaskMessage({ key: aTaskKey({ at: Date.now() }), streamAt: Date.now() }))).toBeUndefined();
  });
});
