import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { anId, testDatabase, type TestDatabase } from '@countersign/testing';
import { COMMAND_KEY_MS } from '@countersign/contracts';
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

describe('what a command log forgets', () => {
  const HOUR = 3_600_000;
  const run = async (): Promise<object> => ({ ok: true });
  const remembered = async (ages: readonly number[]): Promise<readonly string[]> => {
    const keys = ages.map((age) => anId(Date.now() - age));
    for (const key of keys) await log.once({ ...scope, key }, run);
    return keys;
  };
  const left = async (keys: readonly string[]): Promise<readonly boolean[]> => {
    const rows = await testing.asSuper<{ readonly key: string }>('select key from sample.command_log');
    return keys.map((key) => rows.some((row) => row.key === key));
  };

  it('is nothing under a key that a command may still come under, nor for a day after that', async () => {
    const { program, ahead } = COMMAND_KEY_MS;
    const keys = await remembered([-ahead, 0, program, program + 23 * HOUR, program + 25 * HOUR]);
    await log.forget(100);
    expect(await left(keys)).toEqual([true, true, true, true, false]);
  });

  it('is taken away in batches, by two replicas at once too', async () => {
    const keys = await remembered(Array.from({ length: 7 }, (_, i) => COMMAND_KEY_MS.program + 25 * HOUR + i));
    expect(await log.forget(3)).toBe(3);
    const [one, other] = await Promise.all([log.forget(3), log.forget(3)]);
    expect(one + other + (await log.forget(3))).toBe(4);
    expect(await left(keys)).toEqual(keys.map(() => false));
    expect(await log.forget(3)).toBe(0);
  });
});
