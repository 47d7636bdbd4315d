import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { NobodyListens, Requests, RequestTimeout, type Reply } from './requests.js';

interface Sent {
  readonly subject: string;
  readonly reply: string;
  readonly headers?: string;
}

class FakeConnection {
  readonly sent: Sent[] = [];
  readonly inboxes: string[] = [];
  broken = false;
  answer: (reply: Reply) => void = () => undefined;
  close: () => void = () => undefined;

  subscribe(subject: string, { callback }: { callback: (error: Error | null, reply: Reply) => void }): void {
    this.inboxes.push(subject);
    this.answer = (reply) => callback(null, reply);
  }

  publish(subject: string, _body: Uint8Array, options: { reply: string; headers?: string }): void {
    if (this.broken) throw new Error('too large');
    this.sent.push({ subject, ...options });
  }

  closed(): Promise<void> {
    return new Promise((resolve) => (this.close = resolve));
  }
}

const BODY = Buffer.from('?');
const reply = (subject: string, text = '!', code?: number): Reply => ({
  subject,
  data: Buffer.from(text),
  ...(code === undefined ? {} : { headers: { code } }),
});
let connection: FakeConnection;
let requests: Requests<Reply, string>;
const ask = (subject: string, timeoutMs = 1_000): Promise<string> =>
  requests.request(subject, BODY, { timeoutMs }).then(({ data }) => Buffer.from(data).toString());
const failure = (asked: Promise<string>): Promise<unknown> => asked.then(String, (error: unknown) => error);

beforeEach(() => {
  connection = new FakeConnection();
  requests = new Requests(connection, '_INBOX.me');
});

describe('requests', () => {
  it('are answered each by its own reply, whatever the order, over one inbox', async () => {
    const asked = [ask('a'), ask('b'), ask('c')];
    expect(connection.inboxes).toEqual(['_INBOX.me.*']);
    for (const { subject, reply: to } of [...connection.sent].reverse()) connection.answer(reply(to, `to ${subject}`));
    expect(await Promise.all(asked)).toEqual(['to a', 'to b', 'to c']);
  });

  it('carry headers, and nothing where there are none', async () => {
    const asked = [requests.request('a', BODY, { timeoutMs: 1_000, headers: 'signed' }), ask('b')];
    expect(connection.sent).toMatchObject([{ headers: 'signed' }, {}]);
    expect(Object.keys(connection.sent[1] ?? {})).toEqual(['subject', 'reply']);
    for (const sent of connection.sent) connection.answer(reply(sent.reply));
    await Promise.all(asked);
  });

  it('take the first reply only, and none that nobody asked for', async () => {
    const asked = ask('a');
    const [{ reply: to } = { reply: '' }] = connection.sent;
    for (const text of ['first', 'second']) connection.answer(reply(to, text));
    connection.answer(reply('_INBOX.me.zzz'));
    expect(await asked).toBe('first');
  });

  it('fail when nobody listens; a reply with that status and a body is a reply', async () => {
    const asked = [ask('a'), ask('b')];
    const [a, b] = connection.sent.map((sent) => sent.reply);
    connection.answer(reply(a ?? '', '', 503));
    connection.answer(reply(b ?? '', 'busy', 503));
    expect(await failure(asked[0] ?? ask('x'))).toBeInstanceOf(NobodyListens);
    expect(await asked[1]).toBe('busy');
  });

  it('fail when their own time is over, and not before', async () => {
    jest.useFakeTimers();
    try {
      const [short, long] = [failure(ask('short', 300)), ask('long', 2_000)];
      await jest.advanceTimersByTimeAsync(250);
      expect(jest.getTimerCount()).toBe(1);
      await jest.advanceTimersByTimeAsync(250);
      expect(await short).toBeInstanceOf(RequestTimeout);
      connection.answer(reply(connection.sent[1]?.reply ?? '', 'late enough'));
      expect(await long).toBe('late enough');
      await jest.advanceTimersByTimeAsync(250);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('fail with what the connection throws, and all that wait when it is closed', async () => {
    const waiting = failure(ask('a'));
    connection.broken = true;
    expect(await failure(ask('b'))).toMatchObject({ message: 'too large' });
    connection.close();
    expect(await waiting).toMatchObject({ message: 'the connection was closed' });
  });
});
