import { describe, expect, it } from '@jest/globals';
import { onceThere } from './patience.js';

const failing = (code: string): Error => Object.assign(new Error(code), { code });
const tried = async (failures: readonly Error[], forMs = 60_000): Promise<number> => {
  let attempts = 0;
  const work = (): Promise<number> => {
    const failure = failures[attempts];
    attempts += 1;
    return failure === undefined ? Promise.resolve(attempts) : Promise.reject(failure);
  };
  return onceThere(work, { forMs, everyMs: 0 });
};

describe('a server', () => {
  it.each(['ECONNREFUSED', 'ENOTFOUND', '57P03'])('that is not there yet (%s) is asked again', async (code) => {
    expect(await tried([failing(code), failing(code)])).toBe(3);
  });

  it('that refuses for another reason is not asked again', async () => {
    await expect(tried([failing('28P01')])).rejects.toMatchObject({ code: '28P01' });
  });

  it('that does not come is given up, with what it said last', async () => {
    await expect(tried([failing('ECONNREFUSED'), failing('ECONNREFUSED')], 0)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});
