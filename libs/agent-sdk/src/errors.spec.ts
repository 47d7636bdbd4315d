import { describe, expect, it } from '@jest/globals';
import { AgentRequestFailed } from './errors.js';
import { checkTraceparent } from './task-input.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('a failure of a task', () => {
  it('names its trace and stays what it was', () => {
    const cause = new Error('no answer');
    const failed = new AgentRequestFailed('RATE_LIMITED', 'too many', 'later', { retryAfterMs: 500, cause });
    const told = failed.inTrace(TRACE);
    expect(told).toMatchObject({ code: 'RATE_LIMITED', retry: 'later', retryAfterMs: 500, cause, traceId: TRACE });
    expect(told.message).toBe(`too many (trace ${TRACE})`);
    expect(told).not.toHaveProperty('nextOpenAt');
  });
});

describe('a traceparent of the caller', () => {
  it('is taken when it is one, or none at all', () => {
    expect(() => checkTraceparent(undefined)).not.toThrow();
    expect(() => checkTraceparent(`00-${TRACE}-${SPAN}-01`)).not.toThrow();
  });

  it.each([
    'mine',
    '',
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-01\r\nother: header`,
  ])('%j is refused before anything is sent', (text) =>
    expect(() => checkTraceparent(text)).toThrow(/traceparent: .* right would be/),
  );
});
