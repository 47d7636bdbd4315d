import { traceIdOf } from '@countersign/contracts';
import { describe, expect, it } from '@jest/globals';
import { createLogger, type LogFields } from './index.js';

function capture(write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLogger({ service: 'policy', level: 'debug', destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('log lines', () => {
  it('carry service, level and the task by its three ids', () => {
    const [line] = capture((log) => log.info('judged', { task: { org: 'o', agent: 'a', task: 't' }, ms: 3 }));
    expect(line).toMatchObject({
      service: 'policy',
      level: 'info',
      msg: 'judged',
      org: 'o',
      agent: 'a',
      task: 't',
      traceId: traceIdOf({ key: { org: 'o', agent: 'a', task: 't' }, attempt: 1, round: 1 }),
      ms: 3,
    });
  });

  it('drop every field that is not on the list', () => {
    const smuggled = { code: 'X', body: 'payload', password: 'hunter2', nested: { secret: 1 } } as LogFields;
    const [line] = capture((log) => log.warn('x', smuggled));
    expect(JSON.stringify(line)).not.toMatch(/payload|hunter2|secret/);
    expect(line?.['code']).toBe('X');
  });

  it('show of a foreign error its name and code only, because its message may quote its input', () => {
    const error = Object.assign(new Error('invalid input syntax: "jane@example.com"'), {
      code: '22P02',
      cause: new Error('secret'),
    });
    const [line] = capture((log) => log.error('failed', { error }));
    expect(line).toMatchObject({ error: 'Error', errorCode: '22P02' });
    expect(JSON.stringify(line)).not.toMatch(/jane|secret/);
  });

  it('show the message of our own errors, and no password of a URL in it', () => {
    const error = Object.assign(new Error('cannot reach postgres://app:hunter2@db/x'), {
      code: 'DEPENDENCY_UNAVAILABLE',
    });
    const [line] = capture((log) => log.error('failed', { error }));
    expect(line?.['errorMessage']).toBe('cannot reach postgres://app:***@db/x');
  });

  it('show no message of Node.js, which quotes what it was given', () => {
    const quoting = [
      (): unknown => Buffer.from('x', 'hunter2' as BufferEncoding),
      (): unknown => new URL('hunter2'),
      (): unknown => JSON.parse('{"password":hunter2}'),
      (): unknown => Buffer.alloc('hunter2' as unknown as number),
    ];
    for (const act of quoting) {
      const [line] = capture((log) => {
        try {
          act();
        } catch (error) {
          log.error('failed', { error });
        }
      });
      expect(line).toMatchObject({ msg: 'failed' });
      expect(JSON.stringify(line)).not.toContain('hunter2');
    }
  });

  it('name our own errors by their class', () => {
    class LineCut extends Error {
      readonly code = 'LINE_CUT';
    }
    const [line] = capture((log) => log.error('failed', { error: new LineCut('the line of policy was cut') }));
    expect(line).toMatchObject({ error: 'LineCut', errorCode: 'LINE_CUT', errorMessage: 'the line of policy was cut' });
  });

  it.each([
    ['nats://s3cret@bus:4222', 'nats://***@bus:4222'],
    ['postgres://app:s3c@ret@db/x', 'postgres://app:***@db/x'],
    ['https://hook/x?id=1&api_token=s3cret&y=2', 'https://hook/x?id=1&api_token=***&y=2'],
    ['http://127.0.0.1:8222/healthz', 'http://127.0.0.1:8222/healthz'],
  ])('write %s without its secret', (url, written) => {
    const [line] = capture((log) => log.info('connected', { url }));
    expect(line?.['url']).toBe(written);
  });

  it('mark alert events', () => {
    const [line] = capture((log) => log.alert('INVALID_FRAME', { subject: 'flow.0.vd.budget', failure: 'signature' }));
    expect(line).toMatchObject({ level: 'error', alert: 'INVALID_FRAME', failure: 'signature' });
  });
});
