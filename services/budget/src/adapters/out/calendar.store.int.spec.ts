import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { anId, testDatabase, type TestDatabase } from '@countersign/testing';
import { budgetMigrations } from '../../migrations/index.js';
import { CalendarStore } from './calendar.store.js';

let database: TestDatabase;
const open = async (): Promise<CalendarStore> => new CalendarStore(await database.open({ max: 2 }));
const at = (text: string): number => Date.parse(`2026-${text}:00.000Z`);

beforeAll(async () => {
  database = await testDatabase('budget', budgetMigrations);
});
afterAll(() => database.drop());

describe('a calendar', () => {
  it('keeps the zone of a period to its end, and takes the new one at the boundary of the old, on every replica', async () => {
    const org = anId();
    const [a, b] = [await open(), await open()];
    const key = async (of: CalendarStore, zone: string, now: number): Promise<string> => {
      const period = (await of.periods([{ org, zone }], now)).get(org);
      return `${period?.key ?? ''} ${period?.zone ?? ''}`;
    };
    expect(await key(a, 'America/New_York', at('11-15T00:00'))).toBe('2026-11 America/New_York');
    expect(await key(b, 'Europe/Berlin', at('11-30T23:30'))).toBe('2026-11 America/New_York');
    expect(await key(b, 'Europe/Berlin', at('12-01T04:59'))).toBe('2026-11 America/New_York');
    expect(await key(b, 'Europe/Berlin', at('12-01T05:00'))).toBe('2026-12 Europe/Berlin');
    expect(await key(a, 'America/New_York', at('12-01T05:00'))).toBe('2026-12 Europe/Berlin');
    expect(await key(a, 'Europe/Berlin', at('12-31T23:00'))).toBe('2027-01 Europe/Berlin');
  });

  it('begins one period, whatever zones replicas see at the same moment', async () => {
    const org = anId();
    const replicas = [await open(), await open(), await open()];
    const zones = ['Pacific/Kiritimati', 'America/Los_Angeles', 'UTC'];
    const found = await Promise.all(
      replicas.map(async (replica, i) =>
        (await replica.periods([{ org, zone: zones[i] ?? '' }], at('11-30T10:30'))).get(org),
      ),
    );
    expect(new Set(found.map((period) => JSON.stringify(period))).size).toBe(1);
    const rows = await database.asSuper('select 1 from budget.calendar where org_id = $1', [org]);
    expect(rows).toHaveLength(1);
  });

  it('shows a period that has not begun without beginning it', async () => {
    const org = anId();
    const calendar = await open();
    expect((await calendar.look({ org, zone: 'UTC' }, at('11-15T00:00'))).key).toBe('2026-11');
    expect(await database.asSuper('select 1 from budget.calendar where org_id = $1', [org])).toEqual([]);
  });
});
