import { describe, expect, it } from '@jest/globals';
import { headers as createHeaders } from '@nats-io/transport-node';
import type { JsMsg } from '@nats-io/jetstream';
import { ingestSubject } from '@countersign/contracts';
import { aSubmission, aTaskKey, TEST_NOW_MS, testKeys } from '@countersign/testing';
import { streamMessageOf } from './messages.js';
import { readTaskMessage } from './task-message.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const GOOD = `00-${TRACE}-${SPAN}-01`;
const key = aTaskKey();

/** What the log makes of a submission with these headers. */
function read(...values: readonly string[]) {
  const headers = createHeaders();
  for (const value of values) headers.append('traceparent', value);
  const info = { timestampNanos: TEST_NOW_MS * 1e6, deliveryCount: 1 };
  const message = { subject: ingestSubject(key), seq: 1, info, data: aSubmission({ key }).body, headers };
  return readTaskMessage(testKeys().bundle, streamMessageOf(message as unknown as JsMsg));
}

describe("an agent's traceparent", () => {
  it('is read from one well-formed header', () =>
    expect(read(GOOD)).toMatchObject({ callerTrace: { traceId: TRACE, spanId: SPAN } }));

  it('is absent where there is no header', () => expect(read()).not.toHaveProperty('callerTrace'));

  it.each([
    ['two of them, the same even', [GOOD, GOOD]],
    ['an empty one', ['']],
    ['one of zeros', [`00-${'0'.repeat(32)}-${SPAN}-01`]],
    ['one with capitals', [GOOD.toUpperCase()]],
    ['one with more behind it', [`${GOOD}-more`]],
    ['one that is huge', ['x'.repeat(100_000)]],
  ])('is invalid, and nothing is kept of it, with %s', (_what, values) => {
    const task = read(...values);
    expect(task).toMatchObject({ callerTrace: 'invalid', envelope: { ok: true } });
  });
});
