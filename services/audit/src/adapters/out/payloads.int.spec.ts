import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { canonicalJson, formatDigest, merkleLeaf, utf8 } from '@countersign/primitives';
import { CONTROLS, packLines, transitionItemSchema, type ExportedPayload } from '@countersign/contracts';
import { payloadCommitment } from '@countersign/record';
import type { Database } from '@countersign/store';
import { anId, aTaskKey, capturedLog, silentLogger, testDatabase, type TestDatabase } from '@countersign/testing';
import { KeepRetention } from '../in/keep-retention.timer.js';
import type { EntryDraft } from '../../domain/entry-draft.js';
import { submissionDraft, transitionEntry } from '../../domain/entry-header.js';
import { auditMigrations } from '../../migrations/index.js';
import { PayloadKeys } from './payload-keys.js';
import { PostgresChains } from './postgres-chains.js';
import { PostgresPayloads } from './postgres-payloads.js';
import { PostgresRetention } from './postgres-retention.js';

const CONFIG = { values: { COUNTERSIGN_SEAL_KEY_FILE: Buffer.alloc(32, 7), COUNTERSIGN_PAYLOAD_RETENTION_DAYS: 90 } };
const [OLD, OTHER_OLD] = [Date.UTC(2021, 3, 5), Date.UTC(2021, 4, 5)];
const ACTOR = { kind: 'operator', id: 'local' } as const;

let testing: TestDatabase;
let database: Database;
let parts: Parts;
let org: string;

interface Parts {
  readonly chains: PostgresChains;
  readonly payloads: PostgresPayloads;
  readonly retention: PostgresRetention;
}

/** One replica of audit. */
async function replica(sealKey = CONFIG.values.COUNTERSIGN_SEAL_KEY_FILE): Promise<Parts> {
  const opened = await testing.open();
  const keys = new PayloadKeys(opened, { values: { ...CONFIG.values, COUNTERSIGN_SEAL_KEY_FILE: sealKey } });
  const chains = new PostgresChains(opened, keys);
  return {
    chains,
    payloads: new PostgresPayloads(opened, keys, silentLogger('audit')),
    retention: new PostgresRetention(opened, chains, keys),
  };
}

beforeAll(async () => {
  testing = await testDatabase('audit', auditMigrations);
  database = await testing.open();
  parts = await replica();
}, 30_000);
beforeEach(() => {
  org = anId();
});
afterAll(() => testing.drop());

const submission = (text: string, at = OLD): EntryDraft =>
  submissionDraft({
    ...{ key: aTaskKey({ org }), attempt: 1, round: 1, at, digest: `sha256:${'1'.repeat(64)}`, valid: true },
    body: Buffer.from(text),
  });
const headerAt = async (position: number): Promise<Record<string, unknown>> => {
  const [entry] = await parts.chains.entries(org, position, 1);
  return JSON.parse(entry?.header ?? '{}') as Record<string, unknown>;
};
const payloadAt = async (position: number, from: Parts = parts): Promise<ExportedPayload | undefined> =>
  (await from.payloads.of(org, await from.chains.entries(org, position, 1))).get(position);
const sealedAt = async (position: number): Promise<Buffer> => {
  const [row] = await testing.asSuper<{ sealed: Buffer }>(
    'select sealed from audit.payload where org_id = $1 and position = $2',
    [org, position],
  );
  return row?.sealed ?? Buffer.alloc(0);
};
const stored = (epoch: number): Promise<object[]> =>
  testing.asSuper('select 1 from audit.payload where org_id = $1 and epoch = $2', [org, epoch]);
const erase = (epoch = '2021-04') =>
  parts.retention.erase({ org, epoch, reason: 'LEGAL_ORDER', actor: ACTOR, now: Date.UTC(2026, 1, 1) });

describe('the payload of an entry', () => {
  it('is sealed in the database, and opens to what the header commits to', async () => {
    await parts.chains.append([submission('a body that nobody may read')]);
    expect((await sealedAt(0)).toString('latin1')).not.toContain('nobody');
    const payload = await payloadAt(0);
    if (payload?.state !== 'open') throw new Error('not open');
    const bytes = Buffer.from(payload.bytes, 'base64');
    expect(bytes.toString()).toBe('a body that nobody may read');
    const commitment = payloadCommitment(Buffer.from(payload.salt, 'base64url'), bytes);
    expect((await headerAt(0))['payload']).toEqual({ kind: 'submission', epoch: '2021-04', commitment });
  });

  it.each([
    ['', 'trust'],
    [', sealed as they came packed where all are right', undefined],
  ])(
    'of a decision is its verdict lines as they were signed, and the header names decision, codes and leaf of each%s',
    async (_where, wrong) => {
      const { agent, task } = aTaskKey({ org });
      const head = { nonce: 'AAAAAAAAAAAAAAAAAAAAAA', task: { org, agent, id: task }, attempt: 1, round: 1 };
      const lineOf = (control: string): string =>
        JSON.stringify({ ...head, type: 'verdict', decision: control === 'policy' ? 'DENY' : 'APPROVE', codes: [] });
      const lines = Object.fromEntries(CONTROLS.map((control) => [control, lineOf(control)]));
      const leafOf = (control: string): string => formatDigest(merkleLeaf(utf8(lines[control] ?? '')));
      const digest = `sha256:${'1'.repeat(64)}`;
      const verdicts = Object.fromEntries(
        CONTROLS.map((c) => [c, { frame: digest, index: 0, leaf: c === wrong ? digest : leafOf(c) }]),
      );
      const common = { ...head, type: 'decided', digest, at: '2021-04-05T00:00:00.000Z', decision: 'deny', codes: [] };
      const item = transitionItemSchema.parse({ ...common, facts: {}, verdicts, packedLines: packLines(lines) });
      const { draft, mismatched } = transitionEntry(item, OLD);
      expect(mismatched).toEqual(wrong === undefined ? [] : [wrong]);
      await parts.chains.append([draft]);
      const payload = await payloadAt(0);
      if (payload?.state !== 'open') throw new Error('not open');
      const kept = Object.fromEntries(Object.entries(lines).filter(([control]) => control !== wrong));
      const bytes = Buffer.from(payload.bytes, 'base64');
      expect(bytes.toString()).toBe(canonicalJson(kept));
      const commitment = payloadCommitment(Buffer.from(payload.salt, 'base64url'), bytes);
      expect((await headerAt(0))['payload']).toEqual({ kind: 'verdicts', epoch: '2021-04', commitment });
      expect((await sealedAt(0)).length < bytes.length / 2).toBe(wrong === undefined);
      expect((await headerAt(0))['verdicts']).toMatchObject({
        policy: { decision: 'DENY', codes: [], leaf: leafOf('policy') },
        ...(wrong === undefined ? {} : { [wrong]: { decision: null, codes: null, leaf: digest } }),
      });
    },
  );

  it('has the same commitment whichever replica records it, and opens in every replica with the key file only', async () => {
    const other = await replica();
    const draft = submission('once');
    const [mine, theirs] = await Promise.all([parts.chains.append([draft]), other.chains.append([draft])]);
    expect(mine).toEqual(theirs);
    expect(await payloadAt(0, other)).toEqual(await payloadAt(0));
    expect(await stored(202104)).toHaveLength(1);
    const stranger = await replica(Buffer.alloc(32, 8));
    await expect(payloadAt(0, stranger)).rejects.toThrow(/do not open/);
  });

  it('opens for its own event only', async () => {
    await parts.chains.append([submission('one'), submission('two')]);
    await testing.asSuper('alter table audit.payload_202104 disable trigger all');
    await testing.asSuper('update audit.payload_202104 set sealed = $2 where org_id = $1 and position = 0', [
      org,
      await sealedAt(1),
    ]);
    await testing.asSuper('alter table audit.payload_202104 enable trigger all');
    expect(await payloadAt(0)).toEqual({ state: 'unreadable' });
  });
});

describe('erasing', () => {
  it('makes a month of one organisation unreadable for ever, in every replica, with an entry that says so', async () => {
    const other = await replica();
    await parts.chains.append([submission('a'), submission('b'), submission('of another month', OTHER_OLD)]);
    await payloadAt(0, other);
    expect(await erase()).toMatchObject({ payloads: 2, record: { position: 3 } });
    expect(await headerAt(3)).toMatchObject({
      ...{ type: 'erased', epoch: '2021-04', payloads: 2, reason: 'LEGAL_ORDER', agent: null, task: null },
      actor: ACTOR,
    });
    for (const replicaParts of [parts, other]) expect(await payloadAt(0, replicaParts)).toEqual({ state: 'erased' });
    expect(await payloadAt(2)).toMatchObject({ state: 'open' });
    expect(await erase()).toMatchObject({ record: { position: 3 } });
  });

  it('leaves what is recorded later of that month without a payload, whoever still holds its key', async () => {
    const other = await replica();
    await other.chains.append([submission('before')]);
    await erase();
    await other.chains.append([submission('late')]);
    expect((await headerAt(2))['payload']).toEqual({ kind: 'submission', epoch: '2021-04', commitment: null });
    expect(await stored(202104)).toHaveLength(1);
  });

  it('knows no month without payloads', async () => {
    expect(await erase('2020-01')).toBeUndefined();
  });
});

describe('the end of a month', () => {
  it('drops it with an entry in every chain, and keeps the others', async () => {
    const [mine, theirs] = [org, anId()];
    const july = Date.UTC(2021, 6, 5);
    await parts.chains.append([submission('a', july), submission('b', july), submission('c', OTHER_OLD)]);
    org = theirs;
    await parts.chains.append([submission('d', july)]);
    expect(await parts.retention.prune('2021-07', july)).toBe(3);
    expect(await headerAt(1)).toMatchObject({ type: 'pruned', epoch: '2021-07', payloads: 1, firstSeq: 0, lastSeq: 0 });
    org = mine;
    expect(await headerAt(3)).toMatchObject({ type: 'pruned', payloads: 2, firstSeq: 0, lastSeq: 1 });
    expect(await payloadAt(0)).toEqual({ state: 'pruned' });
    expect(await payloadAt(2)).toMatchObject({ state: 'open' });
    expect(await parts.retention.prune('2021-07', july)).toBe(0);
  });

  it('takes what is recorded later of that month all the same, and drops it again', async () => {
    const august = Date.UTC(2021, 7, 5);
    await parts.chains.append([submission('a', august)]);
    await parts.retention.prune('2021-08', august);
    await parts.chains.append([submission('late', august)]);
    expect(await payloadAt(2)).toMatchObject({ state: 'open' });
    expect(await parts.retention.prune('2021-08', august)).toBe(1);
    expect(await headerAt(3)).toMatchObject({ type: 'pruned', firstSeq: 2, lastSeq: 2 });
  });

  it('is looked for every day, and comes no sooner than configured', async () => {
    const june = Date.UTC(2021, 5, 5);
    await parts.chains.append([submission('a', june)]);
    const log = capturedLog('audit');
    const keepAt = (now: number): Promise<void> =>
      new KeepRetention(parts.retention, { now: () => now }, CONFIG, log.logger).keep();
    await keepAt(Date.UTC(2021, 6, 1) + 89 * 86_400_000);
    expect(await payloadAt(0)).toMatchObject({ state: 'open' });
    await keepAt(Date.UTC(2021, 6, 1) + 90 * 86_400_000);
    expect(await payloadAt(0)).toEqual({ state: 'pruned' });
    // the next month is ready before it begins
    expect(
      await testing.asSuper('select 1 from audit.payload_key where epoch = 202110 and org_id = $1', [org]),
    ).toHaveLength(1);
  });
});

describe('the database', () => {
  const asService = (sql: string, params: readonly unknown[] = []): Promise<unknown> =>
    database.tenant(org, (tx) => tx.query(sql, params));
  const now = new Date();
  const thisMonth = now.getUTCFullYear() * 100 + now.getUTCMonth() + 1;

  it('keeps payloads for a month at least, whatever is configured', async () => {
    await parts.chains.append([submission('new', now.getTime())]);
    await expect(asService('select audit.prune_payload($1)', [thisMonth])).rejects.toThrow(/kept for 30 days/);
    await expect(asService('select audit.erase_key($1, $2)', [org, thisMonth])).rejects.toThrow(/not over/);
  });

  it('drops and erases nothing that no chain speaks of', async () => {
    const march = Date.UTC(2021, 2, 5);
    await parts.chains.append([submission('old', march)]);
    await expect(asService('select audit.prune_payload(202103)')).rejects.toThrow(/every chain says so/);
    await expect(asService('select audit.erase_key($1, 202103)', [org])).rejects.toThrow(/an entry that says so/);
    expect(await payloadAt(0)).toMatchObject({ state: 'open' });
  });

  it.each([
    [
      'an insert of a payload',
      "insert into audit.payload values (gen_random_uuid(), 202104, 0, 'submission', '')",
      /permission denied/,
    ],
    ['an update of a payload', "update audit.payload set sealed = ''", /permission denied/],
    ['a delete of payloads', 'delete from audit.payload', /permission denied/],
    ['a month read past its parent', 'select * from audit.payload_202104', /permission denied/],
    ['a month dropped', 'drop table audit.payload_202104', /must be owner/],
    ['a trigger switched off', 'alter table audit.payload_202104 disable trigger all', /must be owner/],
    ['a key changed', "update audit.payload_key set wrapped = ''", /permission denied/],
    ['a key deleted', 'delete from audit.payload_key', /permission denied/],
    [
      'a key of another organisation',
      "insert into audit.payload_key values (gen_random_uuid(), 202104, '')",
      /row-level security/,
    ],
    ['the owner', 'set role audit_owner', /permission denied/],
  ])('refuses its service %s', async (_what, sql, refusal) => {
    await parts.chains.append([submission('a')]);
    await expect(asService(sql)).rejects.toThrow(refusal);
  });

  it.each([
    ['update through the parent', "update audit.payload set kind = 'submission'"],
    ['delete through the parent', 'delete from audit.payload'],
    ['truncate of the parent', 'truncate audit.payload'],
    ['update of a month', "update audit.payload_202104 set kind = 'submission'"],
    ['delete from a month', 'delete from audit.payload_202104'],
    ['truncate of a month', 'truncate audit.payload_202104'],
    ['delete of keys', 'delete from audit.payload_key'],
    ['another key', "update audit.payload_key set wrapped = ''"],
  ])('refuses even a superuser: %s', async (_what, sql) => {
    await parts.chains.append([submission('a')]);
    await expect(testing.asSuper(sql)).rejects.toThrow(/append-only|made once/);
  });

  it('shows no organisation the payloads of another, and nothing to who names none', async () => {
    await parts.chains.append([submission('a')]);
    const theirs = await database.tenant(anId(), (tx) => tx.query('select 1 from audit.payload'));
    expect(theirs).toEqual([]);
    await expect(database.installation((tx) => tx.query('select 1 from audit.payload'))).rejects.toThrow(
      /app.org_ids|malformed/,
    );
  });
});
