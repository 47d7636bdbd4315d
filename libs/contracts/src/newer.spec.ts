import { describe, expect, it } from '@jest/globals';
import {
  asksForMore,
  guardrailSetRecordSchema,
  isOfNewerType,
  ITEM_TYPES,
  mayBeIgnored,
  priceBookRecordSchema,
  RECORD_KINDS,
  recordedItemSchema,
  registryRecordSchema,
  policyRecordSchema,
  screenedItemSchema,
  screenItemSchema,
  transitionItemSchema,
  verdictFrameItemSchema,
} from './index.js';

describe('what a newer release sends', () => {
  it('is told by the types of items that this one has, all of them', () => {
    const known = [
      ...[...verdictFrameItemSchema.options, ...transitionItemSchema.options].map((o) => o.shape.type.value),
      ...[screenItemSchema, screenedItemSchema, recordedItemSchema].map((o) => o.shape.type.value),
    ];
    expect([...ITEM_TYPES].sort()).toEqual(known.sort());
  });

  it('is told by the kinds of records that this one has, all of them', () => {
    const known = [
      ...[...registryRecordSchema.options, ...policyRecordSchema.options].map((o) => o.shape.kind.value),
      ...[priceBookRecordSchema, guardrailSetRecordSchema].map((o) => o.shape.kind.value),
    ];
    expect([...RECORD_KINDS].sort()).toEqual([...new Set(known)].sort());
  });

  it.each([
    [{ type: 'hint' }, true],
    [{ type: 'verdict' }, false],
    [{ type: 7 }, false],
    [{ type: 'NOT A TYPE' }, false],
    [undefined, false],
  ])('%j is of a newer type: %s', (content, newer) => {
    expect(isOfNewerType(content)).toBe(newer);
  });

  it.each([
    [{ kind: 'badge', optional: true }, true],
    [{ kind: 'badge' }, false],
    [{ kind: 'badge', optional: 'true' }, false],
    [{ kind: 'org', optional: true }, false],
    [{ kind: 'badge', optional: true, crit: ['level'] }, false],
    [undefined, false],
  ])('%j may be ignored: %s', (content, ignored) => {
    expect(mayBeIgnored(content, RECORD_KINDS)).toBe(ignored);
  });

  it.each([
    [{ crit: ['onlyIn'] }, true],
    [{ crit: [] }, true],
    [{ crit: null }, true],
    [{ onlyIn: ['eu'] }, false],
    [7, false],
  ])('%j asks for more than this release understands: %s', (content, more) => {
    expect(asksForMore(content)).toBe(more);
  });
});
