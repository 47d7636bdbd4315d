import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transitionItemSchema } from '@countersign/contracts';
import {
  anId,
  aTaskKey,
  FixedClock,
  silentLogger,
  testDatabase,
  testKeys,
  type TestDatabase,
} from '@countersign/testing';
import { AuditCommands } from '../in/audit-commands.controller.js';
import { ChainCheck } from '../../application/chain-check.js';
import { SignCheckpoints } from '../../application/sign-checkpoints.js';
import type { EntryDraft } from '../../domain/entry-draft.js';
import { submissionDraft, transitionEntry } from '../../domain/entry-header.js';
import { auditMigrations } from '../../migrations/index.js';
import { PayloadKeys } from './payload-keys.js';
import { PostgresChains } from './postgres-chains.js';
import { PostgresPayloads } from './postgres-payloads.js';
import { PostgresRetention } from './postgres-retention.js';

const keys = testKeys();
const CONFIG = {
  values: { COUNTERSIGN_SEAL_KEY_FILE: Buffer.alloc(32, 7), COUNTERSIGN_INSTALLATION_KEY: keys.installationKey },
};

let database: TestDatabase;
let chains: PostgresChains;
let commands: AuditCommands;

beforeAll(async () => {
  database = await testDatabase('audit', auditMigrations);
  const opened = await database.open();
  const payloadKeys = new PayloadKeys(opened, CONFIG);
  chains = new PostgresChains(opened, payloadKeys);
  const [check, logger] = [new ChainCheck(chains), silentLogger('audit')];
  commands = new AuditCommands(
    chains,
    new PostgresPayloads(opened, payloadKeys, logger),
    new PostgresRetention(opened, chains, payloadKeys),
    check,
    new SignCheckpoints(chains, check, keys.keyOf('audit'), CONFIG),
    new FixedClock(),
    logger,
  );
}, 30_000);
afterAll(() => database.drop());

const draft = (org: string): EntryDraft =>
  submissionDraft({
    key: aTaskKey({ org }),
    attempt: 1,
    round: 1,
    at: 1_000,
    digest: `sha256:${'1'.repeat(64)}`,
    valid: true,
    body: Buffer.from('{"a":1}'),
  });
const another = async (): Promise<PostgresChains> => {
  const opened = await database.open();
  return new PostgresChains(opened, new PayloadKeys(opened, CONFIG));
};
const drafts = (org: string, count: number): EntryDraft[] => Array.from({ length: count }, () => draft(org));

describe('chains in PostgreSQL', () => {
  it('give every entry the next position and verify', async () => {
    const org = anId();
    const places = [...(await chains.append(drafts(org, 3))), ...(await chains.append(drafts(org, 2)))];
    expect(places.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4]);
    expect(await commands.verify({ org })).toMatchObject({
      ok: true,
      size: 5,
      firstBad: null,
      head: places.at(-1)?.leaf,
    });
  });

  it('verify with every kind of transition in them', async () => {
    const { org, agent, task } = aTaskKey();
    const head = { nonce: 'AAAAAAAAAAAAAAAAAAAAAA', task: { org, agent, id: task }, attempt: 1, round: 1 };
    const common = { ...head, digest: `sha256:${'1'.repeat(64)}`, at: '2026-11-24T10:00:00.000Z' };
    const items = [
      { type: 'decided', decision: 'hold', codes: [], verdicts: {}, facts: {} },
      { type: 'moved', to: 'RELEASING', cause: 'approved', actor: 'person' },
      { type: 'claimed', grant: anId(), to: { org, agent } },
      { type: 'resulted', seq: 1, usage: [] },
      { type: 'moved', to: 'SCREENING', cause: 'result' },
      { type: 'finished', state: 'COMPLETED', codes: [], claimed: true, chargedMicros: '5', facts: {} },
    ].map((item) => transitionEntry(transitionItemSchema.parse({ ...common, ...item }), 1_000).draft);
    const places = await chains.append(items);
    expect(places.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await chains.append(items)).toEqual(places);
    expect(await commands.verify({ org })).toMatchObject({ ok: true, size: 6, firstBad: null });
  });

  it('record the same event once, wherever it comes again', async () => {
    const org = anId();
    const [first, second] = drafts(org, 2) as [EntryDraft, EntryDraft];
    const places = await chains.append([first, second]);
    expect(await chains.append([second, first, second])).toEqual([places[1], places[0], places[1]]);
    expect((await chains.head(org)).size).toBe(2);
  });

  it('record events that come again between new ones once, however many batches came in between', async () => {
    const org = anId();
    const old = drafts(org, 2);
    const places = await chains.append(old);
    for (let i = 0; i < 4; i += 1) await chains.append(drafts(org, 1));
    for (let i = 0; i < 2; i += 1) {
      const [again, fresh, last] = await chains.append([...old.slice(0, 1), ...drafts(org, 1), ...old.slice(1)]);
      expect([again, last]).toEqual(places);
      expect(fresh?.position).toBe(6 + i);
    }
    const [next] = await chains.append(drafts(org, 1));
    expect(next?.position).toBe(8);
    expect(await commands.verify({ org })).toMatchObject({ ok: true, size: 9 });
  });

  it('go on behind what another writer appended to a chain that was this one alone', async () => {
    const [org, other] = [anId(), await another()];
    for (let i = 0; i < 4; i += 1) await chains.append(drafts(org, 1));
    const [theirs] = await other.append(drafts(org, 1));
    const [mine] = await chains.append(drafts(org, 1));
    expect([theirs?.position, mine?.position]).toEqual([4, 5]);
    expect(await commands.verify({ org })).toMatchObject({ ok: true, size: 6 });
  });

  it('stay one unbroken chain each under two writers at once', async () => {
    const other = await another();
    const [a, b] = [anId(), anId()];
    const batches = Array.from({ length: 12 }, (_, i) => [...drafts(a, 1 + (i % 3)), ...drafts(b, 1)]);
    const places = await Promise.all(batches.map((batch, i) => (i % 2 === 0 ? chains : other).append(batch)));
    const size = batches.flat().filter(({ org }) => org === a).length;
    expect(places.flat()).toHaveLength(batches.flat().length);
    expect(await commands.verify({ org: a })).toMatchObject({ ok: true, size });
    expect(await commands.verify({ org: b })).toMatchObject({ ok: true, size: 12 });
  });

  it('find a submission that has no decision', async () => {
    const org = anId();
    const [{ task }] = drafts(org, 1) as [EntryDraft];
    await chains.append(drafts(org, 1));
    const found = await chains.open(0, 500);
    expect(found.filter((open) => open.task.org === org)).toHaveLength(1);
    expect(found.map((open) => open.task.task)).not.toContain(task);
  });
});

describe('the record', () => {
  const written = async (): Promise<string> => {
    const org = anId();
    await chains.append(drafts(org, 4));
    return org;
  };

  it.each([
    ['update', "update audit.entry set header = header where org_id = '%'"],
    ['delete', "delete from audit.entry where org_id = '%'"],
    ['truncate', 'truncate audit.entry'],
    ['delete of a head', "delete from audit.head where org_id = '%'"],
  ])('refuses even its owner: %s', async (_what, sql) => {
    const org = await written();
    await expect(database.asSuper(`set role audit_owner; ${sql.replace('%', org)}`)).rejects.toThrow(
      /append-only|permission denied|app.org_ids/,
    );
    await expect(database.asSuper(sql.replace('%', org))).rejects.toThrow(/append-only/);
  });

  it.each([
    'insert into audit.entry select * from audit.entry limit 1',
    'update audit.head set size = 0',
    'delete from audit.entry',
    'truncate audit.entry',
    'truncate audit.head',
    'update audit.entry set round = 2',
    'alter table audit.entry disable trigger append_only',
    'drop table audit.entry',
    'set role audit_owner',
    "insert into audit.head values (gen_random_uuid(), 0, sha256(''))",
  ])('takes nothing from its service but by append(): %s', async (sql) => {
    const org = await written();
    const opened = await database.open();
    await expect(opened.tenant(org, (tx) => tx.query(sql))).rejects.toThrow(/permission denied|must be owner/);
  });

  it('names the first entry that somebody with all rights has changed', async () => {
    const org = await written();
    await database.asSuper('alter table audit.entry disable trigger append_only');
    try {
      await database.asSuper(
        `update audit.entry set header = convert_to(replace(convert_from(header, 'UTF8'), '"valid":true', '"valid":false'), 'UTF8'), leaf = sha256('\\x00'::bytea || convert_to(replace(convert_from(header, 'UTF8'), '"valid":true', '"valid":false'), 'UTF8')) where org_id = $1 and position = 1`,
        [org],
      );
      expect(await commands.verify({ org })).toMatchObject({ ok: false, firstBad: { position: 2 } });
      await database.asSuper('delete from audit.entry where org_id = $1 and position >= 1', [org]);
      expect(await commands.verify({ org })).toMatchObject({ ok: false, firstBad: { position: 1 } });
    } finally {
      await database.asSuper('alter table audit.entry enable trigger append_only');
    }
  });

  it.each([
    [
      'set back to an earlier entry',
      'update audit.head h set size = 2, last_hash = (select leaf from audit.entry e where e.org_id = h.org_id and position = 1) where org_id = $1',
      2,
    ],
    ['taken away', 'delete from audit.head where org_id = $1', 0],
  ])('does not end where its head was %s', async (_what, sql, position) => {
    const org = await written();
    await database.asSuper('alter table audit.head disable trigger no_delete');
    try {
      await database.asSuper(sql, [org]);
      expect(await commands.verify({ org })).toMatchObject({ ok: false, firstBad: { position } });
    } finally {
      await database.asSuper('alter table audit.head enable trigger no_delete');
    }
  });

  it.each([
    "type = 'finished'",
    'agent_id = gen_random_uuid()',
    'task_id = gen_random_uuid()',
    'attempt = 2',
    'round = 2',
    'event_id = gen_random_uuid()',
    "at = at + interval '1 ms'",
    "digest = 'sha256:00'",
    'digest = null',
  ])('is not filed under what its header does not say: %s', async (change) => {
    const org = await written();
    await database.asSuper('alter table audit.entry disable trigger append_only');
    try {
      await database.asSuper(`update audit.entry set ${change} where org_id = $1 and position in (1, 3)`, [org]);
      expect(await commands.verify({ org })).toMatchObject({ ok: false, firstBad: { position: 1 } });
    } finally {
      await database.asSuper('alter table audit.entry enable trigger append_only');
    }
  });

  it('has its first bad entry named, where a misfiled one comes before a missing one', async () => {
    const org = await written();
    await database.asSuper('alter table audit.entry disable trigger append_only');
    try {
      await database.asSuper('delete from audit.entry where org_id = $1 and position = 2', [org]);
      expect(await commands.verify({ org })).toMatchObject({ ok: false, firstBad: { position: 2 } });
      await database.asSuper('update audit.entry set round = 7 where org_id = $1 and position = 1', [org]);
      expect(await commands.verify({ org })).toMatchObject({ ok: false, firstBad: { position: 1 } });
    } finally {
      await database.asSuper('alter table audit.entry enable trigger append_only');
    }
  });

  it('verifies while it grows', async () => {
    const org = await written();
    const growing = Array.from({ length: 10 }, () => chains.append(drafts(org, 3)));
    const verified = await Promise.all(Array.from({ length: 10 }, () => commands.verify({ org })));
    await Promise.all(growing);
    expect(verified.every(({ ok }) => ok)).toBe(true);
  });

  it('is not stored with a leaf that is not its hash', async () => {
    const org = await written();
    await database.asSuper('alter table audit.entry disable trigger append_only');
    try {
      await expect(database.asSuper("update audit.entry set header = 'x' where org_id = $1", [org])).rejects.toThrow(
        /check/,
      );
    } finally {
      await database.asSuper('alter table audit.entry enable trigger append_only');
    }
  });
});
