import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { periodOf } from './period.js';

const CASES = parse(readFileSync(join(import.meta.dirname, '..', '..', 'cases', 'periods.yaml'), 'utf8')) as readonly {
  readonly at: string;
  readonly zone: string;
  readonly is: string;
}[];

describe('the month in which money counts', () => {
  it.each(CASES)('is $is at $at in $zone', ({ at, zone, is }) => {
    expect(periodOf(zone, Date.parse(at))).toBe(is);
  });

  it('is none in a zone that is not known', () => {
    expect(() => periodOf('Mars/Olympus', 0)).toThrow(RangeError);
  });
});
