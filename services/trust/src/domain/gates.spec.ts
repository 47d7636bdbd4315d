import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ORGANIZATION_POLICY, NEUTRAL_POLICY, type Gate } from '@countersign/contracts';
import { checkGates, codesOf, passes, type GateDocuments, type Standing } from './gates.js';

const E1B: Standing = { score: 1_800, level: 'UNTRUSTED' };
const E4: Standing = { score: 8_804, level: 'TRUSTED' };
const E9: Standing = { score: 6_304, level: 'PROVISIONAL' };
const VERIFIED: Gate = { level: 'VERIFIED' };

function documents(change: Partial<GateDocuments> & { readonly connectionMin?: Gate } = {}): GateDocuments {
  const { connectionMin = null, ...rest } = change;
  return {
    clientOrg: DEFAULT_ORGANIZATION_POLICY,
    targetOrg: undefined,
    client: undefined,
    connection: { ...NEUTRAL_POLICY, minTrustClient: connectionMin },
    ...rest,
  };
}

const codes = (
  given: GateDocuments,
  client: Standing,
  target: Standing = E4,
  clientForTarget = client,
): readonly string[] =>
  codesOf(checkGates(given, { client, target, clientForTarget })).map(({ code, side }) => `${code} ${side ?? ''}`);

describe('the gates', () => {
  it.each<[string, GateDocuments, Standing, readonly string[]]>([
    [
      'a connection that asks for VERIFIED refuses PROVISIONAL',
      documents({ connectionMin: VERIFIED }),
      E9,
      ['TRUST_BELOW_CONNECTION_MIN client'],
    ],
    [
      'every clause that does not hold is named',
      documents({ connectionMin: VERIFIED }),
      E1B,
      ['TRUST_BELOW_ORG_FLOOR client', 'TRUST_BELOW_CONNECTION_MIN client'],
    ],
    ['whoever reaches all of them passes', documents({ connectionMin: VERIFIED }), E4, []],
    [
      'the more demanding of organisation and agent counts',
      documents({
        clientOrg: { ...DEFAULT_ORGANIZATION_POLICY, minTrustClient: { level: 'LIMITED' } },
        client: { ...NEUTRAL_POLICY, minTrustClient: { scoreHundredths: 6_305 } },
      }),
      E9,
      ['TRUST_BELOW_POLICY_MIN client'],
    ],
    [
      'the target’s organisation has a floor and a minimum of its own',
      documents({
        targetOrg: { ...DEFAULT_ORGANIZATION_POLICY, trustFloor: VERIFIED, minTrustClient: VERIFIED },
      }),
      E9,
      ['TRUST_BELOW_ORG_FLOOR target', 'TRUST_BELOW_POLICY_MIN target'],
    ],
  ])('%s', (_, given, client, wanted) => {
    expect(codes(given, client)).toEqual(wanted);
  });

  it('ask of the client, for the target’s organisation, what that one sees', () => {
    const given = documents({ targetOrg: { ...DEFAULT_ORGANIZATION_POLICY, trustFloor: VERIFIED } });
    expect(codes(given, E9, E4, E4)).toEqual([]);
    expect(codes(given, E4, E4, E9)).toEqual(['TRUST_BELOW_ORG_FLOOR target']);
  });

  it.each<[string, GateDocuments]>([
    ['the organisation’s floor', documents()],
    [
      'the organisation',
      documents({ clientOrg: { ...DEFAULT_ORGANIZATION_POLICY, trustFloor: null, minTrustTarget: VERIFIED } }),
    ],
    ['the agent', documents({ client: { ...NEUTRAL_POLICY, minTrustTarget: VERIFIED } })],
    ['the connection', documents({ connection: { ...NEUTRAL_POLICY, minTrustTarget: VERIFIED } })],
  ])('ask of the target what %s demands, and refuse it once', (_, given) => {
    expect(codes(given, E4, E1B)).toEqual(['TRUST_TARGET_BELOW_MIN client']);
  });

  it.each([
    [6_499, false],
    [6_500, true],
  ])('compare a score with a score: %d against 65.00', (score, pass) => {
    expect(passes({ scoreHundredths: 6_500 }, { score, level: 'TRUSTED' })).toBe(pass);
  });

  it('compare a level with the stable level, whatever the score', () => {
    expect(passes(VERIFIED, { score: 9_000, level: 'PROVISIONAL' })).toBe(false);
  });

  it('tell of every gate what it asks and what there is', () => {
    expect(checkGates(documents({ connectionMin: VERIFIED }), { client: E9, target: E4, clientForTarget: E9 })).toEqual(
      [
        expect.objectContaining({ gate: 'organisation floor', required: { level: 'LIMITED' }, actual: E9, pass: true }),
        expect.objectContaining({ gate: 'connection', required: VERIFIED, actual: E9, pass: false }),
        expect.objectContaining({ gate: 'target: organisation floor', actual: E4, pass: true }),
      ],
    );
  });
});
