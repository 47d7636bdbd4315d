import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CONTROLS } from './identities.js';
import { orgPartition, taskPartition } from './partition.js';
import * as subjects from './subjects.js';

const org = '0199f0e4-5c00-7a1b-8c2d-000000000001';
const agent = '0199f0e4-5c00-7a1b-8c2d-000000000002';
const task = '0199f0e4-5c00-7a1b-8c2d-00000000feed';
const key = { org, agent, task };
const [p, s] = [taskPartition(task), orgPartition(org)];

const uuid = fc.uuid({ version: 7 });
const anyKey = fc.record({ org: uuid, agent: uuid, task: uuid });
const count = fc.integer({ min: 1, max: 9999 });

describe('subjects', () => {
  it.each([
    ['a submission', subjects.taskSubject(key), `agt.${org}.${agent}.task.${task}`],
    ['a result', subjects.resultSubject(key, task), `agt.${org}.${agent}.result.${task}`],
    ['a question for the state', subjects.statusSubject(key), `agt.${org}.${agent}.status.${task}`],
    ['a question for connections', subjects.peersSubject(key), `agt.${org}.${agent}.peers.list`],
    ['a hand-over', subjects.deliverySubject(key), `dlv.${org}.${agent}`],
    ['an answer to an instance', subjects.answerSubject(key, 'a1'), `ans.${org}.${agent}.a1`],
    ['an answer to all instances', subjects.answerSubject(key), `ans.${org}.${agent}.all`],
    ['a stored submission', subjects.ingestSubject(key), `ing.${p}.${s}.${org}.${agent}.${task}`],
    ['a later round', subjects.roundSubject(key, 2, 3), `rnd.${p}.${s}.${org}.${agent}.${task}.2.3`],
    ['a stored result', subjects.storedResultSubject(key, task), `res.${p}.${s}.${org}.${agent}.${task}`],
    ['verdicts', subjects.verdictSubject(0, 'trust'), 'flow.0.vd.trust'],
    ['transitions', subjects.flowSubject(3, 'dec'), 'flow.3.dec'],
    ['a transformed body', subjects.bodySubject(key, 1, 2, 'in'), `body.${org}.${agent}.${task}.1.2.in`],
    ['a command', subjects.commandSubject('registry', 'agent-create'), 'adm.registry.agent-create'],
  ])('has one form for %s', (_what, subject, expected) => {
    expect(subject).toBe(expected);
  });

  it('stay the same whatever order the key is written in', () => {
    expect(subjects.taskSubject({ task, agent, org })).toBe(subjects.taskSubject(key));
  });

  it('never give two tasks one subject', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        const same = a.org === b.org && a.agent === b.agent && a.task === b.task;
        return (subjects.ingestSubject(a) === subjects.ingestSubject(b)) === same;
      }),
    );
  });
});

describe('a stored submission’s subject', () => {
  it('is read back as it was written, for submissions and rounds', () => {
    fc.assert(
      fc.property(anyKey, count, count, (k, attempt, round) => {
        expect(subjects.parseIngestSubject(subjects.ingestSubject(k))).toEqual({
          kind: 'submission',
          key: k,
          attempt: 1,
          round: 1,
        });
        const parsed = subjects.parseIngestSubject(subjects.roundSubject(k, attempt, round));
        expect(parsed).toEqual({ kind: 'round', key: k, attempt, round });
      }),
    );
  });

  it.each([
    ['of another partition', `ing.${(p + 1) % 64}.${s}.${org}.${agent}.${task}`],
    ['of another organisation’s partition', `ing.${p}.${(s + 1) % 16}.${org}.${agent}.${task}`],
    ['with a partition written otherwise', `ing.0${p}.${s}.${org}.${agent}.${task}`],
    ['of a result', subjects.storedResultSubject(key, task)],
    ['of an agent', subjects.taskSubject(key)],
    ['with a token too few', `ing.${p}.${s}.${org}.${agent}`],
    ['with a token too many', `${subjects.ingestSubject(key)}.1`],
    ['of a round without its round', `rnd.${p}.${s}.${org}.${agent}.${task}.1`],
    ['of a round with a token too many', `${subjects.roundSubject(key, 1, 2)}.x`],
    ['of attempt 0', subjects.roundSubject(key, 0, 2)],
    ['of a fractional attempt', subjects.roundSubject(key, 1.5, 2)],
    ['of round 01', `rnd.${p}.${s}.${org}.${agent}.${task}.1.01`],
    ['of round 10000', subjects.roundSubject(key, 1, 10_000)],
    ['with an empty text', ''],
  ])('is none %s', (_why, subject) => {
    expect(subjects.parseIngestSubject(subject)).toBeUndefined();
  });

  it.each([
    ['a task id that is a word', { ...key, task: 'hello' }],
    ['a task id in upper case', { ...key, task: task.toUpperCase() }],
    ['a task id of another version', { ...key, task: '0199f0e4-5c00-4a1b-8c2d-00000000feed' }],
    ['an organisation that is a word', { ...key, org: 'acme' }],
    ['an agent that is a word', { ...key, agent: 'bot' }],
  ])('is none with %s: no item of a frame could speak of it', (_why, wrong) => {
    expect(subjects.parseIngestSubject(subjects.ingestSubject(wrong))).toBeUndefined();
    expect(subjects.parseIngestSubject(subjects.roundSubject(wrong, 1, 2))).toBeUndefined();
  });
});

describe('a stored result’s subject', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(anyKey, ({ task: grant, ...target }) => {
        const parsed = subjects.parseStoredResultSubject(subjects.storedResultSubject(target, grant));
        expect(parsed).toEqual({ ...target, grant });
      }),
    );
  });

  it.each([
    ['of a submission', subjects.ingestSubject(key)],
    ['of another partition', `res.${(p + 1) % 64}.${s}.${org}.${agent}.${task}`],
    ['with a token too many', `${subjects.storedResultSubject(key, task)}.1`],
    ['with a token too few', `res.${p}.${s}.${org}.${agent}`],
    ['under a grant that is no id', subjects.storedResultSubject(key, 'hello')],
    ['of an agent that is no id', subjects.storedResultSubject({ org, agent: 'bot' }, task)],
  ])('is none %s', (_why, subject) => {
    expect(subjects.parseStoredResultSubject(subject)).toBeUndefined();
  });
});

describe('who may sign a frame', () => {
  it('is the one control that its subject names', () => {
    for (const control of CONTROLS) {
      expect(subjects.signerOfFlow(subjects.verdictSubject(7, control))).toBe(control);
    }
  });

  it('is the dispatcher for transitions and screening requests, audit for the record, guardrails for results', () => {
    const signers = (['dec', 'scr', 'rec', 'ovd'] as const).map((kind) =>
      subjects.signerOfFlow(subjects.flowSubject(0, kind)),
    );
    expect(signers).toEqual(['dispatcher', 'dispatcher', 'audit', 'guardrails']);
  });

  it.each([
    'flow.0.vd.dispatcher',
    'flow.0.vd.operator',
    'flow.0.vd',
    'flow.0.vd.policy.more',
    'flow.0.dec.more',
    'flow.0.xyz',
    'flow.64.dec',
    'flow.00.dec',
    'flow.x.dec',
    'other.0.dec',
    'flow',
    '',
  ])('is nobody on %p', (subject) => {
    expect(subjects.signerOfFlow(subject)).toBeUndefined();
  });
});
