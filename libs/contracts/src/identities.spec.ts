import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatInstant, isMicros } from '@countersign/primitives';
import {
  CONTROLS,
  digestSchema,
  instantSchema,
  microsSchema,
  nonceSchema,
  SIGNERS,
  slugSchema,
  taskKeyText,
  uuidSchema,
} from './identities.js';
import { MAX_AMOUNT_MICROS } from './limits.js';
import { grantClaimsSchema, trustBundleBodySchema, trustBundleFileSchema } from './trust-bundle.js';

const id = '0199f0e4-5c00-7a1b-8c2d-00000000feed';

describe('the controls', () => {
  it('are six, in the order that decides whose code is the primary one', () => {
    expect(CONTROLS).toEqual(['registry', 'policy', 'guardrails', 'trust', 'budget', 'audit']);
  });

  it('sign, beside the dispatcher, the operator and the gateway', () => {
    expect(SIGNERS).toEqual([...CONTROLS, 'dispatcher', 'operator', 'gateway']);
  });
});

describe('forms on the wire', () => {
  it.each([
    ['an id', uuidSchema, ['', 'hello', id.toUpperCase(), id.replace('-7', '-4'), `${id}\n`, ` ${id}`]],
    ['a digest', digestSchema, ['', 'sha256:', `sha256:${'A'.repeat(64)}`, `sha512:${'a'.repeat(64)}`, 'a'.repeat(64)]],
    ['money', microsSchema, ['', '-1', '+1', '01', '1.0', '1e3', ' 1', '1000000000000000000', '1\n', '٣']],
    ['a nonce', nonceSchema, ['', 'A'.repeat(10), 'A'.repeat(44), 'AAAAAAAAAA=', 'AAAAAAAAAA/']],
    ['a name', slugSchema, ['', '-a', 'A', 'a_b', 'a.b', 'a'.repeat(64), 'é']],
    [
      'an instant',
      instantSchema,
      [
        '',
        '2026-03-02',
        '2026-03-02T10:00:00Z',
        '2026-03-02T10:00:00.000+01:00',
        '2026-03-02T24:00:00.000Z',
        '2026-04-31T00:00:00.000Z',
        '1969-12-31T23:59:59.999Z',
        '2026-03-02T10:00:60.000Z',
      ],
    ],
  ])('of %s are exact', (_what, schema, wrong) => {
    for (const text of wrong) expect([text, schema.safeParse(text).success]).toEqual([text, false]);
    for (const value of [null, undefined, 1, {}, []]) expect(schema.safeParse(value).success).toBe(false);
  });

  it('of ids are every UUIDv7 in lower case', () => {
    fc.assert(fc.property(fc.uuid({ version: 7 }), (uuid) => uuidSchema.safeParse(uuid).success));
  });

  it('of money are decimal strings that PostgreSQL holds, never a float', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_AMOUNT_MICROS }), (micros) => {
        const text = String(micros);
        return microsSchema.safeParse(text).success && isMicros(text) && BigInt(text) === micros;
      }),
    );
    fc.assert(fc.property(fc.double(), (float) => !microsSchema.safeParse(float).success));
  });

  it('of instants are every millisecond from 1970 to 9999', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }), (ms) => {
        return instantSchema.safeParse(formatInstant(ms)).success;
      }),
    );
  });

  it('of a task’s key as text keep organisation, agent and task apart', () => {
    expect(taskKeyText({ org: 'o', agent: 'a', task: 't' })).toBe('o/a/t');
  });
});

describe('a trust bundle', () => {
  const key = {
    kid: 'policy-0123456789abcdef',
    service: 'policy',
    publicKey: 'A'.repeat(43),
    notBefore: '2026-03-02T10:00:00.000Z',
    notAfter: '2027-03-02T10:00:00.000Z',
  };

  it('holds keys of signers alone', () => {
    expect(trustBundleBodySchema.safeParse({ v: 1, version: 1, keys: [key] }).success).toBe(true);
    for (const wrong of [{ service: 'stranger' }, { publicKey: 'A'.repeat(44) }, { publicKey: `${'A'.repeat(42)}=` }])
      expect(trustBundleBodySchema.safeParse({ v: 1, version: 1, keys: [{ ...key, ...wrong }] }).success).toBe(false);
  });

  it('is a body and a signature of 64 bytes', () => {
    expect(trustBundleFileSchema.safeParse({ body: 'AA', sig: 'A'.repeat(86) }).success).toBe(true);
    expect(trustBundleFileSchema.safeParse({ body: 'AA', sig: 'A'.repeat(85) }).success).toBe(false);
  });
});

describe('claims of a release grant', () => {
  const claims = {
    aud: id,
    sub: id,
    jti: id,
    iat: 1,
    exp: 2,
    org: id,
    targetOrg: id,
    task: id,
    attempt: 1,
    connection: id,
    root: id,
    path: [id, id],
    onBehalfOf: { orgId: id, userId: null },
    digest: `sha256:${'0'.repeat(64)}`,
    models: null,
    tools: [],
    dataStores: null,
    dataClasses: null,
    taskTypes: null,
    maxCostMicros: null,
    notAfter: '2026-03-02T10:00:00.000Z',
    hopsLeft: 0,
  };

  it('are all required', () => {
    expect(grantClaimsSchema.safeParse(claims).success).toBe(true);
    for (const name of Object.keys(claims)) {
      const rest = Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
      expect([name, grantClaimsSchema.safeParse(rest).success]).toEqual([name, false]);
    }
  });

  it.each([
    ['digest', 'sha256:0'],
    ['digest', 'anything'],
    ['maxCostMicros', '1.5'],
    ['maxCostMicros', '-1'],
    ['hopsLeft', 11],
    ['attempt', 0],
    ['path', [id]],
    ['exp', '2'],
  ])('are refused for a bad %s (%#)', (name, value) => {
    expect(grantClaimsSchema.safeParse({ ...claims, [name]: value }).success).toBe(false);
  });
});
