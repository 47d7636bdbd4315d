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

  it('mark alert events', () => {
    const [line] = capture((log) => log.alert('INVALID_FRAME', { subject: 'flow.0.vd.budget', failure: 'signature' }));
    expect(line).toMatchObject({ level: 'error', alert: 'INVALID_FRAME', failure: 'signature' });
  });
});
