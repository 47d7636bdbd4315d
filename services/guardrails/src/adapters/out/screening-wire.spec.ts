import { describe, expect, it } from '@jest/globals';
import { BASELINE } from '../../domain/baseline.js';
import { UNAVAILABLE, type ScreeningAnswer, type ScreeningJob } from '../../domain/screening/screening-job.js';
import { JobReceiver, JobSender, MOST_SHARED, readAnswers, wireAnswers } from './screening-wire.js';

const listOf = (side: 'client' | 'target'): ScreeningJob['guardrails'] => BASELINE.map((g) => ({ ...g, side }));
const jobOf = (body: string, more: Partial<ScreeningJob> = {}): ScreeningJob => ({
  facts: { stage: 'INPUT', now: 1, idempotent: false, retriesUsed: 0 },
  guardrails: OWN,
  body: Buffer.from(body),
  scope: { token: 'task', span: 'org' },
  canaries: { task: 'cnry-0000000000000001', known: ['a'] },
  failed: { 2: 'TIMEOUT' },
  ...more,
});
const OWN = listOf('client');
/** What a message is on the other side. */
const crossed = <T>(value: T): T => structuredClone(value);
const bytesOf = (jobs: readonly ScreeningJob[]): object[] =>
  jobs.map((job) => ({ ...job, body: [...job.body], ...(job.input === undefined ? {} : { input: [...job.input] }) }));

describe('jobs on their way to a worker', () => {
  it('arrive as they were, whatever was sent before', () => {
    const [sender, receiver] = [new JobSender(), new JobReceiver()];
    const prompt = ['a', 'b'];
    const chunks = [
      [jobOf('one'), jobOf('', { input: Buffer.from('sent'), prompt }), jobOf('thr\u{1F600}e', { failed: {} })],
      [jobOf('four', { prompt, guardrails: listOf('target') })],
      [],
    ];
    for (const chunk of chunks) expect(bytesOf(receiver.read(crossed(sender.wire(chunk)[0])))).toEqual(bytesOf(chunk));
  });

  it('bring each list of guardrails once', () => {
    const [sender, receiver] = [new JobSender(), new JobReceiver()];
    const sent = [[jobOf('a'), jobOf('b')], [jobOf('c')]].map((chunk) => crossed(sender.wire(chunk)[0]));
    expect(sent.map(({ shared }) => shared.added.length)).toEqual([1, 0]);
    const lists = sent.flatMap((message) => receiver.read(message)).map(({ guardrails }) => guardrails);
    expect(new Set(lists).size).toBe(1);
  });

  it('let the worker forget what was shared, before it is too much', () => {
    const [sender, receiver] = [new JobSender(), new JobReceiver()];
    let forgot = 0;
    for (let i = 0; i < 3 * MOST_SHARED; i += 1) {
      const jobs = [jobOf('a'), jobOf('b', { guardrails: OWN.slice(0, i % OWN.length) })];
      const message = crossed(sender.wire(jobs)[0]);
      forgot += message.shared.forget ? 1 : 0;
      expect(bytesOf(receiver.read(message))).toEqual(bytesOf(jobs));
    }
    expect(forgot).toBe(3);
  });

  it('keep their bodies with the sender', () => {
    const job = jobOf('one');
    const [message, moved] = new JobSender().wire([job]);
    structuredClone(message, { transfer: [...moved] as ArrayBuffer[] });
    expect(Buffer.from(job.body).toString()).toBe('one');
  });

  it('do not arrive when they name what never came', () => {
    const sender = new JobSender();
    sender.wire([jobOf('a')]);
    expect(() => new JobReceiver().read(sender.wire([jobOf('b')])[0])).toThrow('nothing was shared under 0');
  });
});

it('answers come back as they were, each transformed body in memory of its own', () => {
  const transformed = Buffer.from('masked');
  const answers: readonly ScreeningAnswer[] = [
    { kind: 'screened', screening: { ...UNAVAILABLE, action: 'ALLOW', codes: [], transformed } },
    { kind: 'unknown-canaries', canaries: ['cnry-0000000000000001'] },
    {
      kind: 'screened',
      screening: { ...UNAVAILABLE, transformed: Buffer.from('x'), retry: { strategy: 'shorter_output', max: 2 } },
    },
  ];
  const read = readAnswers(crossed(wireAnswers(answers)[0]));
  const plain = (all: readonly ScreeningAnswer[]): unknown =>
    all.map((a) => (a.kind === 'screened' ? { ...a.screening, transformed: [...(a.screening.transformed ?? [])] } : a));
  expect(plain(read)).toEqual(plain(answers));
  const [first] = read;
  expect(first?.kind === 'screened' ? first.screening.transformed?.buffer.byteLength : 0).toBe(6);
});
