import { expect, it } from '@jest/globals';
import { readableAnswerSchema } from './requests.js';

const id = '01900000-0000-7000-8000-000000000001';
const answer = (data: object): object => ({
  specversion: '1.0',
  id,
  source: 'countersign:dispatcher',
  type: 'dev.countersign.answer.v1',
  time: '2026-01-01T00:00:00.000Z',
  datacontenttype: 'application/json',
  data: { task: id, ...data },
});

it('an agent hears of the end of its task from a dispatcher that knows more codes and fields than it', () => {
  const told = { state: 'DENIED', code: 'NOT_INVENTED_YET', message: 'No.', hint: 'a field more' };
  const { data } = readableAnswerSchema.parse(answer(told));
  expect(data).toEqual({ task: id, state: 'DENIED', code: undefined, message: 'No.' });
});

it('a state that it does not know is no end', () => {
  expect(readableAnswerSchema.safeParse(answer({ state: 'PARKED' })).success).toBe(false);
});
