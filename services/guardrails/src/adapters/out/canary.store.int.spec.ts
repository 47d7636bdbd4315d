import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemRandom } from '@countersign/primitives';
import { DependencyUnavailable } from '@countersign/bus';
import { anId, testDatabase, type TestDatabase } from '@countersign/testing';
import { canaryHash, suspectedCanaries } from '../../domain/techniques/canaries.js';
import { guardrailsMigrations } from '../../migrations/index.js';
import { CanaryStore } from './canary.store.js';
import { PromptStore } from './prompt.store.js';

let database: TestDatabase;
let canaries: CanaryStore;
let prompts: PromptStore;

beforeAll(async () => {
  database = await testDatabase('guardrails', guardrailsMigrations);
  const opened = await database.open();
  canaries = new CanaryStore(opened, new SystemRandom());
  prompts = new PromptStore(opened);
});
afterAll(() => database.drop());

describe('the register of canaries', () => {
  it('makes a canary that screening recognises, and keeps only its hash', async () => {
    const org = anId();
    const canary = await canaries.create({ org, agent: anId() }, 'operator:local');
    expect(suspectedCanaries(`x ${canary.toUpperCase()} y`)).toEqual([canary]);
    expect(await canaries.known([canaryHash(canary), canaryHash('cnry-0000000000000000')])).toEqual([
      { hash: canaryHash(canary), org },
    ]);
    const rows = await database.asSuper('select c::text as row from guardrails.canary c');
    expect(JSON.stringify(rows)).not.toContain(canary);
  });

  it("knows every organisation's canaries", async () => {
    const made = await Promise.all([1, 2].map(() => canaries.create({ org: anId(), agent: anId() }, 'operator:local')));
    const hashes = made.map(canaryHash);
    expect((await canaries.known(hashes)).map(({ hash }) => hash).sort()).toEqual([...hashes].sort());
  });

  it('says that it cannot be asked, when it cannot', async () => {
    const closed = await database.open();
    await closed.close();
    await expect(new CanaryStore(closed, new SystemRandom()).known(['x'])).rejects.toThrow(DependencyUnavailable);
  });
});

describe('fingerprints of prompts', () => {
  it('are those of the agents that left one, across organisations, and the newest at once where it was put', async () => {
    const [first, second, without] = [1, 2, 3].map(() => ({ org: anId(), agent: anId() }));
    if (first === undefined || second === undefined || without === undefined) throw new Error('no agents');
    await prompts.put(first, ['a', 'b'], 'operator:local');
    await prompts.put(second, ['c'], 'operator:local');
    const of = async (): Promise<unknown> => Object.fromEntries(await prompts.of([first, second, without, first]));
    expect(await of()).toEqual({
      [`${first.org}/${first.agent}`]: ['a', 'b'],
      [`${second.org}/${second.agent}`]: ['c'],
    });
    await prompts.put(first, ['d'], 'operator:local');
    expect(await of()).toMatchObject({ [`${first.org}/${first.agent}`]: ['d'] });
  });

  it('of nobody need no statement', async () => {
    expect((await prompts.of([])).size).toBe(0);
  });
});
