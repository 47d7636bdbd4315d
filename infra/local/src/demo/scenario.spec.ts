import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { demoTaskSchema, readDemo, surpriseOf, type DemoTask, type Found } from './scenario.js';

const task = (expected: DemoTask['expect'], more: Partial<DemoTask> = {}): DemoTask =>
  demoTaskSchema.parse({
    name: 'a task',
    says: 'what it shows',
    to: 'converter',
    taskType: 'convert',
    instruction: 'Convert',
    expect: expected,
    ...more,
  });
const done: Found = { state: 'COMPLETED', round: 1, approvals: 0, parts: [{ text: 'card **** 1111' }] };

describe('the outcome of a task of the demo', () => {
  it('is no surprise when everything is as expected', () => {
    expect(surpriseOf(task({ state: 'COMPLETED', round: 1, says: '**** 1111', hides: '4111' }), done)).toBeUndefined();
  });

  it.each<[string, DemoTask, Partial<Found>]>([
    ['another state', task({ state: 'DENIED' }), {}],
    ['another code', task({ state: 'DENIED', code: 'RATE_LIMITED' }), { state: 'DENIED', code: 'VERDICT_TIMEOUT' }],
    ['no code', task({ state: 'DENIED', code: 'RATE_LIMITED' }), { state: 'DENIED' }],
    ['another round', task({ state: 'COMPLETED', round: 2 }), {}],
    ['an answer without what it should say', task({ state: 'COMPLETED', says: 'km' }), {}],
    ['an answer with what it should hide', task({ state: 'COMPLETED', hides: '1111' }), {}],
    ['one person too few', task({ state: 'COMPLETED' }, { approve: 2 }), { approvals: 1 }],
    ['a person whom nobody should have asked', task({ state: 'COMPLETED' }), { approvals: 1 }],
  ])('is one with %s', (_what, expected, found) => {
    expect(surpriseOf(expected, { ...done, ...found })).toMatch(/^expected /);
  });
});

describe('the tasks of the demo', () => {
  const tasks = readDemo(join(import.meta.dirname, '..', '..', 'demo'));

  it('have names of their own, short enough for their column', () => {
    expect(new Set(tasks.map(({ name }) => name)).size).toBe(tasks.length);
    expect(tasks.filter(({ name }) => name.length > 20)).toEqual([]);
  });
});
