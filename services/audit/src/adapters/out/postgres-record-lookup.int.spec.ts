import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { transitionItemSchema, type Evaluation } from '@countersign/contracts';
import type { Database } from '@countersign/store';
import { anId, aTaskKey, testDatabase, type TestDatabase } from '@countersign/testing';
import { evaluationText } from '../../application/ports.js';
import type { EntryDraft } from '../../domain/entry-draft.js';
import { transitionEntry } from '../../domain/entry-header.js';
import { auditMigrations } from '../../migrations/index.js';
import { PayloadKeys } from './payload-keys.js';
import { PostgresChains } from './postgres-chains.js';
import { PostgresRecordLookup } from './postgres-record-lookup.js';

const CONFIG = { values: { COUNTERSIGN_SEAL_KEY_FILE: Buffer.alloc(32, 7) } };

let testing: TestDatabase;
let chains: PostgresChains;
let other: PostgresChains;
let lookup: PostgresRecordLookup;
let reads: number;
let evaluation: Evaluation;

async function replica(): Promise<{ readonly opened: Database; readonly written: PostgresChains }> {
  const opened = await testing.open();
  return { opened, written: new PostgresChains(opened, new PayloadKeys(opened, CONFIG)) };
}

beforeAll(async () => {
  testing = await testDatabase('audit', auditMigrations);
  const { opened, written } = await replica();
  const counted = Object.create(opened, {
    tenants: { value: (...args: Parameters<Database['tenants']>) => ((reads += 1), opened.tenants(...args)) },
  }) as Database;
  [chains, lookup, other] = [written, new PostgresRecordLookup(counted, written), (await replica()).written];
}, 30_000);
afterAll(() => testing.drop());
beforeEach(() => {
  reads = 0;
  evaluation = { key: aTaskKey({ org: anId() }), attempt: 1, round: 2 };
});

function draftOf(of: Evaluation, item: object): EntryDraft {
  const { org, agent, task: id } = of.key;
  const head = { nonce: 'AAAAAAAAAAAAAAAAAAAAAA', task: { org, agent, id }, attempt: of.attempt, round: of.round };
  const common = { ...head, digest: `sha256:${'1'.repeat(64)}`, at: '2026-11-24T10:00:00.000Z' };
  return transitionEntry(transitionItemSchema.parse({ ...common, ...item }), 1_000).draft;
}
const decision = (of = evaluation): EntryDraft =>
  draftOf(of, { type: 'decided', decision: 'release', codes: [], verdicts: {}, facts: {} });
const claim = (of = evaluation): EntryDraft =>
  draftOf(of, { type: 'claimed', grant: anId(), to: { org: of.key.org, agent: anId() } });

/** What the chain holds of the decision. */
async function stored(): Promise<ReadonlyMap<string, string>> {
  const { eventId } = decision();
  const found = (await chains.ofTask(evaluation.key)).find(({ header }) => header.includes(eventId));
  return new Map(found === undefined ? [] : [[evaluationText(evaluation), found.header]]);
}

describe('the decision that a claim rests on', () => {
  it('is not read back the first time where this process appended it and its chain goes on from there', async () => {
    await chains.append([decision()]);
    await chains.append([claim()]);
    const found = await lookup.decisions([evaluation]);
    expect([found, found.size, reads]).toEqual([await stored(), 1, 0]);
    expect([await lookup.decisions([evaluation]), reads]).toEqual([await stored(), 1]);
  });

  it('is known with the claim of the same batch, and of no other round', async () => {
    await chains.append([decision(), claim()]);
    const another = { ...evaluation, round: 1 };
    expect([...(await lookup.decisions([evaluation, another])).keys()]).toEqual([evaluationText(evaluation)]);
    expect(reads).toBe(1);
  });

  it('is read where another replica appended it, once for all that are not known', async () => {
    const mine = { ...evaluation, attempt: 2 };
    await other.append([decision()]);
    await chains.append([claim(), decision(mine)]);
    const found = await lookup.decisions([evaluation, mine, { ...mine, round: 1 }]);
    expect([...found.keys()].sort()).toEqual([evaluation, mine].map(evaluationText));
    expect([...found]).toEqual(expect.arrayContaining([...(await stored())]));
    expect(reads).toBe(1);
  });

  it('is read where another replica appended behind it', async () => {
    await chains.append([decision()]);
    await other.append([claim({ ...evaluation, round: 7 })]);
    await chains.append([claim()]);
    expect([await lookup.decisions([evaluation]), reads]).toEqual([await stored(), 1]);
  });

  it('is not there where the server lost what it had committed', async () => {
    const before = { ...evaluation, round: 1 };
    await chains.append([claim(before)]);
    const [head] = await testing.asSuper<{ last_hash: Buffer }>('select last_hash from audit.head where org_id = $1', [
      evaluation.key.org,
    ]);
    await chains.append([decision()]);
    await lose(evaluation.key.org, head?.last_hash);
    await chains.append([claim()]);
    expect([await lookup.decisions([evaluation]), reads]).toEqual([new Map(), 1]);
  });

  it('is not there where its transaction was rolled back', async () => {
    await chains.append([claim({ ...evaluation, round: 1 })]);
    const failing = chains.appendWith([decision()], () => Promise.reject(new Error('what belongs to it failed')));
    await expect(failing).rejects.toThrow('failed');
    await chains.append([claim()]);
    expect([await lookup.decisions([evaluation]), reads]).toEqual([new Map(), 1]);
  });
});

/** Takes the chain back to its first entry, as a standby has it that was promoted too early. */
async function lose(org: string, last: Buffer | undefined): Promise<void> {
  const tables = ['audit.entry', 'audit.head'];
  for (const table of tables) await testing.asSuper(`alter table ${table} disable trigger user`);
  await testing.asSuper('delete from audit.entry where org_id = $1 and position > 0', [org]);
  await testing.asSuper('update audit.head set size = 1, last_hash = $2 where org_id = $1', [org, last]);
  for (const table of tables) await testing.asSuper(`alter table ${table} enable trigger user`);
}
