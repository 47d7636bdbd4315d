import { expect, it } from '@jest/globals';
import { OpenTasks } from './open-tasks.js';

it('open tasks are told from one of them on and then the others, from the first where that one has ended', () => {
  const open = new OpenTasks();
  for (const id of ['a', 'b', 'c']) void open.wait(id, () => undefined).catch(() => undefined);
  expect(open.ids()).toEqual(['a', 'b', 'c']);
  expect(open.ids('b')).toEqual(['b', 'c', 'a']);
  expect(open.ids('ended')).toEqual(['a', 'b', 'c']);
});
