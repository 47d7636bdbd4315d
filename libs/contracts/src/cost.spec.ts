import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { charge, estimateCost, pricesFor, type ChargeFacts } from './cost.js';
import type { Usage } from './envelope.js';
import { microsSchema } from './identities.js';
import { TRUST_LEVELS } from './policy-document.js';
import type { PriceBookRecord, PriceEntry } from './read-models.js';

const price = (parts: Partial<PriceEntry>): PriceEntry => ({
  kind: 'model',
  tierMinTokens: 0,
  inputMicrosPerMtok: '0',
  outputMicrosPerMtok: '0',
  cachedInputMicrosPerMtok: '0',
  requestMicros: '0',
  ...parts,
});
const SONNET = price({ name: 'sonnet', inputMicrosPerMtok: '3000000', outputMicrosPerMtok: '15000000' });
const HAIKU = price({ name: 'haiku', inputMicrosPerMtok: '1000000', outputMicrosPerMtok: '5000000' });
const LONG_HAIKU = price({ ...HAIKU, tierMinTokens: 200_000, inputMicrosPerMtok: '40000000' });
const SEARCH = price({ kind: 'tool', name: 'search', requestMicros: '10000' });
const EACH = price({ kind: 'request', requestMicros: '7' });

const book = (...entries: PriceEntry[]): PriceBookRecord => ({
  v: 1,
  version: 4,
  at: '2026-03-02T10:00:00.000Z',
  kind: 'prices',
  currency: 'USD',
  entries,
});
const anyone = '00000000-0000-7000-8000-00000000000c';
const models = { models: null, usesModels: true };
const noModels = { models: null, usesModels: false };
const spend = { maxInputTokens: 1234, maxOutputTokens: 567 };
const value = (result: ReturnType<typeof estimateCost>): unknown =>
  result.ok ? result.value.estimateMicros : result.error;

const tokens = fc.nat(100_000_000);
const rate = fc.bigInt({ min: 0n, max: 10n ** 12n });

describe('the prices of an organisation', () => {
  const org = '00000000-0000-7000-8000-00000000000a';
  const other = '00000000-0000-7000-8000-00000000000b';
  const own = price({ ...HAIKU, org, inputMicrosPerMtok: '500000', outputMicrosPerMtok: '2500000' });
  const all = book(HAIKU, LONG_HAIKU, SONNET, EACH, own, price({ ...SONNET, org: other, inputMicrosPerMtok: '1' }));

  it("are its own instead of every tier of the installation, and the installation's for the rest", () => {
    expect(pricesFor(all, org).entries).toEqual([SONNET, EACH, own]);
    expect(value(estimateCost({ ...spend, models: ['haiku'] }, models, pricesFor(all, org)))).toBe(2_042n);
    expect(value(estimateCost({ ...spend, models: ['sonnet'] }, models, pricesFor(all, org)))).toBe(12_214n);
  });

  it('are the same for estimate and charge, of the same version', () => {
    const usage = [{ model: 'haiku', inputTokens: 1234, outputTokens: 567 }];
    const facts = { usage, tools: [], reservedMicros: 0n, targetLevel: 'VERIFIED' as const, usesModels: true };
    expect(charge({ ...facts, book: pricesFor(all, org) })).toBe(2_042n);
    expect(charge({ ...facts, book: pricesFor(all, anyone) })).toBe(4_076n);
    expect(pricesFor(all, org).version).toBe(all.version);
  });

  it('are never those of another organisation', () => {
    expect(pricesFor(all, anyone).entries).toEqual([HAIKU, LONG_HAIKU, SONNET, EACH]);
  });
});

describe('an estimate', () => {
  it('rounds each line up: 1,234 tokens at $3 and 567 at $15 a million are 3,702 and 8,505 micros', () => {
    expect(estimateCost({ ...spend, models: ['sonnet'] }, models, book(SONNET))).toEqual({
      ok: true,
      value: { estimateMicros: 3_702n + 8_505n, priceBookVersion: 4 },
    });
  });

  it('never rounds down: one token at $0.0375 a million is one micro', () => {
    const cheap = price({ name: 'm', inputMicrosPerMtok: '37500' });
    expect(value(estimateCost({ maxInputTokens: 1, maxOutputTokens: 0, models: ['m'] }, models, book(cheap)))).toBe(1n);
  });

  it('is of the dearest model that the task may use', () => {
    const all = book(HAIKU, SONNET);
    expect(value(estimateCost({ ...spend, models: ['haiku', 'sonnet'] }, models, all))).toBe(12_207n);
    expect(value(estimateCost({ ...spend, models: ['haiku'] }, models, all))).toBe(4_069n);
    expect(value(estimateCost(spend, models, all))).toBe(12_207n);
    expect(value(estimateCost(spend, { models: ['hai*'], usesModels: true }, all))).toBe(4_069n);
  });

  it('is at the dearest tier that its tokens can reach, and at no tier they cannot', () => {
    const tiers = book(HAIKU, LONG_HAIKU);
    const at = (input: number): unknown =>
      value(estimateCost({ maxInputTokens: input, maxOutputTokens: 0, models: ['haiku'] }, models, tiers));
    expect([at(199_999), at(200_000)]).toEqual([199_999n, 8_000_000n]);
  });

  it('adds the fixed prices of the request and of each tool that the task names, once', () => {
    const fixed = book(SEARCH, EACH, price({ kind: 'tool', name: 'other', requestMicros: '999' }));
    expect(value(estimateCost({ tools: ['search', 'search'] }, noModels, fixed))).toBe(10_007n);
    expect(value(estimateCost({}, noModels, fixed))).toBe(7n);
  });

  it('is raised by what the caller declares, never lowered', () => {
    const declared = (maxCostMicros: string): unknown =>
      value(estimateCost({ ...spend, models: ['sonnet'], maxCostMicros }, models, book(SONNET)));
    expect([declared('12206'), declared('12208'), declared('0')]).toEqual([12_207n, 12_208n, 12_207n]);
  });

  it.each([
    ['the input', { maxOutputTokens: 1 }],
    ['the output', { maxInputTokens: 1 }],
    ['both', {}],
  ])('is missing when a target that uses models is not told the tokens of %s', (_which, task) => {
    expect(value(estimateCost(task, models, book(SONNET)))).toBe('COST_ESTIMATE_MISSING');
    expect(value(estimateCost({ ...task, maxCostMicros: '999' }, models, book(SONNET)))).toBe('COST_ESTIMATE_MISSING');
  });

  it.each([
    ['one of the models that the task names', { ...spend, models: ['sonnet', 'unheard-of'] }, null],
    ['one of the target’s models', spend, ['sonnet', 'unheard-of']],
    ['everything that the target’s pattern covers', spend, ['unheard-*']],
  ])('is missing when there is no price for %s', (_which, task, surface) => {
    expect(value(estimateCost(task, { models: surface, usesModels: true }, book(SONNET)))).toBe('COST_MODEL_UNPRICED');
  });

  it('is missing, not free, by a book without a model', () => {
    expect(value(estimateCost(spend, models, book()))).toBe('COST_MODEL_UNPRICED');
  });

  it('takes a tool’s or a request’s price for no model’s', () => {
    const named = book(price({ kind: 'tool', name: 'sonnet' }), price({ kind: 'request', name: 'sonnet' }));
    expect(value(estimateCost({ ...spend, models: ['sonnet'] }, models, named))).toBe('COST_MODEL_UNPRICED');
  });

  it('stays an amount of the wire however dear a book is', () => {
    const dear = price({ name: 'm', inputMicrosPerMtok: '999999999999999999' });
    const found = estimateCost({ maxInputTokens: 100_000_000, maxOutputTokens: 0, models: ['m'] }, models, book(dear));
    expect(microsSchema.safeParse(String(value(found))).success).toBe(true);
    expect(value(found)).toBe(999_999_999_999_999_999n);
  });

  it('is exact in whole micros, never less than the exact price and less than one micro a line above it', () => {
    fc.assert(
      fc.property(tokens, tokens, rate, rate, (input, output, perInput, perOutput) => {
        const entry = price({
          name: 'm',
          inputMicrosPerMtok: String(perInput),
          outputMicrosPerMtok: String(perOutput),
        });
        const task = { maxInputTokens: input, maxOutputTokens: output, models: ['m'] };
        const estimate = estimateCost(task, models, book(entry));
        const exact = BigInt(input) * perInput + BigInt(output) * perOutput;
        const found = estimate.ok ? estimate.value.estimateMicros * 1_000_000n : -1n;
        return found >= exact && found < exact + 2_000_000n;
      }),
    );
  });

  it('never falls with more tokens, more models or a larger declaration', () => {
    fc.assert(
      fc.property(tokens, fc.nat(1_000_000), fc.bigInt({ min: 0n, max: 10n ** 15n }), (input, more, declared) => {
        const all = book(HAIKU, LONG_HAIKU, SONNET);
        const of = (task: object): bigint => {
          const found = estimateCost(
            { maxInputTokens: input, maxOutputTokens: 9, models: ['haiku'], ...task },
            models,
            all,
          );
          return found.ok ? found.value.estimateMicros : -1n;
        };
        const plain = of({});
        return (
          of({ maxInputTokens: input + more }) >= plain &&
          of({ models: ['haiku', 'sonnet'] }) >= plain &&
          of({ maxCostMicros: String(declared) }) >= plain
        );
      }),
    );
  });
});

describe('a charge', () => {
  const use: Usage = { model: 'sonnet', inputTokens: 1234, outputTokens: 567 };
  const facts = (parts: Partial<ChargeFacts>): ChargeFacts => ({
    usage: [use],
    tools: [],
    reservedMicros: 50_000n,
    book: book(SONNET, HAIKU, LONG_HAIKU, SEARCH, EACH),
    targetLevel: 'VERIFIED',
    usesModels: true,
    ...parts,
  });

  it('is what a believed agent reports, at the hold’s prices with request and tools', () => {
    expect(charge(facts({ tools: ['search'] }))).toBe(12_207n + 10_007n);
  });

  it('is never less than was reserved of an agent below VERIFIED, and more where it reports more', () => {
    const charges = TRUST_LEVELS.map((targetLevel) => charge(facts({ targetLevel })));
    expect(charges).toEqual([50_000n, 50_000n, 50_000n, 12_214n, 12_214n]);
    expect(charge(facts({ targetLevel: 'LIMITED', reservedMicros: 1n }))).toBe(12_214n);
  });

  it('is not known of a target that uses models and reports none', () => {
    expect(charge(facts({ usage: [] }))).toBeUndefined();
    expect(charge(facts({ usage: [], targetLevel: 'UNTRUSTED' }))).toBeUndefined();
  });

  it('is the fixed prices alone of a target that uses no models', () => {
    expect(charge(facts({ usage: [], usesModels: false }))).toBe(7n);
  });

  it('is not known where a model has no price and its use no cost', () => {
    expect(charge(facts({ usage: [use, { ...use, model: 'unheard-of' }] }))).toBeUndefined();
    expect(charge(facts({ usage: [{ ...use, model: 'unheard-of', costMicros: '90' }] }))).toBe(97n);
  });

  it('is the larger of the priced and the declared cost', () => {
    expect(charge(facts({ usage: [{ ...use, costMicros: '12206' }] }))).toBe(12_214n);
    expect(charge(facts({ usage: [{ ...use, costMicros: '20000' }] }))).toBe(20_007n);
  });

  it('is at the tier that all tokens of one use reach together', () => {
    const long = { model: 'haiku', inputTokens: 100_000, outputTokens: 0, cachedInputTokens: 100_000 };
    expect(charge(facts({ usage: [long] }))).toBe(4_000_007n);
    expect(charge(facts({ usage: [{ ...long, cachedInputTokens: 99_999 }] }))).toBe(100_007n);
  });

  it('stays an amount of the wire whatever a target reports: the end of its task has to be told', () => {
    const usage = new Array<Usage>(100).fill({ ...use, costMicros: '999999999999999999' });
    for (const targetLevel of TRUST_LEVELS)
      expect(microsSchema.safeParse(String(charge(facts({ usage, targetLevel })))).success).toBe(true);
  });

  it('is a whole number of micros, never a float, whatever is reported', () => {
    const anyUse = fc.record(
      {
        model: fc.constantFrom('sonnet', 'haiku'),
        inputTokens: tokens,
        outputTokens: tokens,
        cachedInputTokens: tokens,
        costMicros: rate.map(String),
      },
      { requiredKeys: ['model', 'inputTokens', 'outputTokens'] },
    );
    fc.assert(
      fc.property(fc.array(anyUse, { minLength: 1, maxLength: 5 }), rate, (usage, reservedMicros) => {
        const [believed, not] = (['TRUSTED', 'LIMITED'] as const).map((targetLevel) =>
          charge(facts({ usage, reservedMicros, targetLevel })),
        );
        return (
          typeof believed === 'bigint' &&
          not === (believed > reservedMicros ? believed : reservedMicros) &&
          believed >= 7n
        );
      }),
    );
  });
});
