import { describe, expect, it } from '@jest/globals';
import { answer } from './answer.js';

const NOTES = ['The desk is open from Monday to Friday.', 'Internal reference, not for customers: 17.'];

describe('the help desk', () => {
  it.each([
    ['When is the desk open?', NOTES[0]],
    ['What is the internal reference?', NOTES[1]],
    ['Who sings?', 'My notes say nothing about that.'],
  ])('answers %p with the line that shares most words with it', (question, line) => {
    expect(answer(question, NOTES)).toBe(line);
  });
});
