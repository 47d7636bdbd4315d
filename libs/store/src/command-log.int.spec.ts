import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { anId, testDatabase, type TestDatabase } from '@countersign/testing';
import { CommandLog, commandLogTable, type Migration } from './index.js';

jest.setTimeout(60_000);

const migrations: readonly Migration[] = [{ name: '202601010000-log', statements: commandLogTable('sample') }];

let testing: TestDatabase;
let log: CommandLog;
beforeAll(async () => {
  testing = await testDatabase('sample', migrations);
  log = new CommandLog(await testing.open());
});
afterAll(() => testing.drop());

const scope = { verb: 'define', actor: 'user-1', requestHash: 'sha256:1' } as const;

describe('a command log', () => {
  it('runs a command once and answers a repetition with the same answer', async () => {
    const key = anId();
    let runs = 0;
    const run = async (): Promise<object> => ({ ok: true, answer: { run: (runs += 1) } });
    const answers = [await log.once({ ...scope, key }, run), await log.once({ ...scope, key }, run)];
    expect(answers).toEqual([
      { ok: true, answer: { run: 1 } },
      { ok: true, answer: { run: 1 } },
    ]);
  });

  it('refuses another request under the same key without running it', async () => {
    const key = anId();
    const run = jest.fn(async () => ({ ok: true }));
    await log.once({ ...scope, key }, run);
    const answer = await log.once({ ...scope, key, requestHash: 'sha256:2' }, run);
    expect(answer).toMatchObject({ ok: false, problem: { code: 'ALREADY_EXISTS' } });
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('keeps keys of other people and other commands apart', async () => {
    const key = anId();
    const run = jest.fn(async () => ({ ok: true }));
    await log.once({ ...scope, key }, run);
    await log.once({ ...scope, key, actor: 'user-2' }, run);
    await log.once({ ...scope, key, verb: 'remove' }, run);
    expect(run).toHaveBeenCalledTimes(3);
  });

  it('runs again what broke down without an answer', async () => {
    const key = anId();
    await expect(log.once({ ...scope, key }, () => Promise.reject(new Error('broke down')))).rejects.toThrow(
      'broke down',
    );
    expect(await log.once({ ...scope, key }, async () => ({ ok: true }))).toEqual({ ok: true });
  });
});
