import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { anId, capturedLog, testDatabase, type TestDatabase } from '@countersign/testing';
import { TenantEntities, tenantTable, type Migration } from './index.js';

jest.setTimeout(60_000);

@Entity({ name: 'setting', schema: 'entities' })
class Setting {
  @PrimaryColumn({ name: 'org_id', type: 'uuid' }) org!: string;
  @PrimaryColumn({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) value!: string;
}

const migrations: readonly Migration[] = [
  {
    name: '202601010000-settings',
    statements: [
      'create table entities.setting (org_id uuid not null, name text not null, value text not null, primary key (org_id, name))',
      ...tenantTable('entities', 'setting'),
    ],
  },
];

const log = capturedLog();
const [alpha, beta] = [anId(), anId()];
let testing: TestDatabase;
let entities: TenantEntities;
const options = () => ({ url: testing.appUrl, service: 'entities', logger: log.logger, entities: [Setting] });

beforeAll(async () => {
  testing = await testDatabase('entities', migrations);
  entities = await TenantEntities.open(options());
});
afterAll(async () => {
  await entities.close();
  await testing.drop();
});

const save = (org: string, name: string, value: string): Promise<unknown> =>
  entities.with(org, (em) => em.save(Setting, { org, name, value }));
const values = (org: string): Promise<string[]> =>
  entities.with(org, async (em) => (await em.find(Setting)).map((setting) => setting.value));

describe('entities of a tenant', () => {
  it('are seen and changed by that tenant alone', async () => {
    await save(alpha, 'zone', 'Europe/Berlin');
    await save(beta, 'zone', 'Asia/Tokyo');
    await save(alpha, 'zone', 'Europe/Paris');
    expect([await values(alpha), await values(beta), await values(anId())]).toEqual([
      ['Europe/Paris'],
      ['Asia/Tokyo'],
      [],
    ]);
  });

  it('are not written for another tenant', async () => {
    const foreign = entities.with(alpha, (em) => em.insert(Setting, { org: beta, name: 'x', value: 'y' }));
    await expect(foreign).rejects.toMatchObject({ code: '42501' });
  });

  it('cannot be reached for a text that is no id, nor from within another tenant', async () => {
    await expect(values('*')).rejects.toMatchObject({ code: 'INVALID_TENANT' });
    await expect(entities.with(alpha, () => values(beta))).rejects.toMatchObject({ code: 'NESTED_TENANT' });
    await expect(entities.with(alpha, () => values(alpha))).rejects.toMatchObject({ code: 'NESTED_TENANT' });
  });

  it('cannot be reached past the door', async () => {
    let source: { query(sql: string): Promise<unknown> } | undefined;
    let begin: (() => Promise<unknown>) | undefined;
    await entities.with(alpha, async (em) => {
      source = em.connection;
      begin = () => em.connection.transaction((other) => other.find(Setting));
    });
    await expect(source?.query('select * from entities.setting')).rejects.toMatchObject({
      driverError: { code: expect.stringMatching(/42704|22P02/) },
    });
    await expect(begin?.()).rejects.toMatchObject({ code: 'TENANT_MISSING' });
  });

  it('keep the tenant over a savepoint', async () => {
    const inner = await entities.with(alpha, (em) => em.transaction((nested) => nested.find(Setting)));
    expect(inner.map((setting) => setting.org)).toEqual([alpha]);
  });

  it('are not mixed up by a thousand concurrent transactions of which many fail', async () => {
    const orgs = Array.from({ length: 20 }, () => anId());
    await Promise.all(orgs.map((org) => save(org, 'me', org)));
    const seen = await Promise.allSettled(
      Array.from({ length: 1_000 }, (_, i) => {
        const org = orgs[i % orgs.length] ?? '';
        return entities.with(org, async (em) => {
          if (i % 7 === 3) await em.query('select 1 / 0');
          if (i % 7 === 5) throw new Error('injected');
          return (await em.find(Setting)).map((setting) => setting.value).join() === org;
        });
      }),
    );
    const fulfilled = seen.filter((outcome) => outcome.status === 'fulfilled');
    expect(fulfilled.every((outcome) => outcome.value)).toBe(true);
    expect(fulfilled).toHaveLength(1_000 - 143 - 143);
  });

  it('are not opened with a role that could see past the policies', async () => {
    const asOwner = { ...options(), url: testing.superUrl };
    await expect(TenantEntities.open(asOwner)).rejects.toMatchObject({ code: 'UNSAFE_ROLE' });
  });
});
