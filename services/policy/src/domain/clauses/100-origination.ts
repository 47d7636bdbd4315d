import { allow, deny, type Clause } from '../model.js';

/** 100: a task that is no part of another one comes from an agent that may start tasks of its own. */
export const origination: Clause = {
  number: 100,
  name: 'delegation.parent',
  evaluate: ({ facts }) =>
    facts.mayOriginate ? allow(['client']) : deny(['client'], { code: 'ORIGINATION_NOT_ALLOWED', side: 'client' }),
};
