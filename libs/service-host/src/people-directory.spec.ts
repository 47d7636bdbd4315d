import { describe, expect, it } from '@jest/globals';
import type { OperatorRecord, RegistryRecord } from '@countersign/contracts';
import type { ChangeListener } from '@countersign/bus';
import { SigningKey } from '@countersign/identity';
import { anId } from '@countersign/testing';
import { PeopleDirectory } from './people-directory.js';

type Listener = ChangeListener<RegistryRecord>;

function aModel(...records: readonly OperatorRecord[]) {
  const listeners: Listener[] = [];
  return {
    entries: () => new Map(records.map((record) => [record.operator, record as RegistryRecord])).entries(),
    onChange: (listener: Listener) => {
      listeners.push(listener);
      return () => undefined;
    },
    fresh: () => true,
    put: (record: RegistryRecord) => listeners.forEach((listener) => listener('', record, undefined)),
  };
}

function aRecord(change: Partial<OperatorRecord> = {}): OperatorRecord {
  const key = SigningKey.generate('operator');
  return {
    ...{
      v: 1,
      version: 1,
      at: '2026-03-02T10:00:00.000Z',
      kind: 'operator',
      org: anId(),
      operator: anId(),
      name: 'ann',
    },
    ...{
      roles: ['APPROVER'],
      kid: key.kid,
      publicKey: key.publicKey.toString('base64url'),
      status: 'ACTIVE',
      forCause: false,
    },
    ...change,
  };
}

describe('the people that the registry tells of', () => {
  it('are found by key, by id and by organisation, also those that come later', () => {
    const [first, second] = [aRecord(), aRecord()];
    const model = aModel(first);
    const people = new PeopleDirectory(model);
    model.put(second);
    for (const record of [first, second]) {
      expect(people.byKeyId(record.kid)).toBe(record);
      expect(people.byId(record.operator)).toBe(record);
      expect(people.of(record.org)).toEqual([record]);
    }
    expect([people.byKeyId('operator-0'), people.byId(anId()), people.of(anId())]).toEqual([undefined, undefined, []]);
  });

  it('are as they are told of last', () => {
    const record = aRecord();
    const model = aModel(record);
    const people = new PeopleDirectory(model);
    model.put({ ...record, version: 2, status: 'DISABLED' });
    expect(people.byKeyId(record.kid)?.status).toBe('DISABLED');
    expect(people.of(record.org)).toHaveLength(1);
  });

  it('do not pass for each other by a key id that is not the one of their key', () => {
    const [ann, eve] = [aRecord(), aRecord()];
    const people = new PeopleDirectory(aModel(ann, { ...eve, kid: ann.kid }));
    expect(people.byKeyId(ann.kid)).toBe(ann);
    expect(people.byId(eve.operator)).toBeUndefined();
  });
});
