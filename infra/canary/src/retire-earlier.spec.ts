import { describe, expect, it } from '@jest/globals';
import type { CommandClient } from '@countersign/bus';
import { retireEarlier } from './set-up.js';

interface Organisation {
  readonly name: string;
  readonly status?: 'ACTIVE' | 'SUSPENDED';
  readonly owners?: readonly string[];
}

const OURS = ['team:canary-caller', 'team:canary-echo'];

/** Registry with these organisations; answers the names of those that were retired, and of those it was told to suspend. */
async function retiredOf(canary: string, organisations: readonly Organisation[]) {
  const suspended: string[] = [];
  const call = async (
    { verb }: { readonly verb: string },
    body: { readonly org: string; readonly status?: string },
  ) => {
    if (verb === 'org-list')
      return {
        organizations: organisations.map(({ name, status = 'ACTIVE' }) => ({ org: `id of ${name}`, name, status })),
      };
    const of = organisations.find(({ name }) => body.org === `id of ${name}`);
    if (verb === 'agent-list') return { agents: (of?.owners ?? OURS).map((owner) => ({ owner })) };
    expect([verb, body.status]).toEqual(['org-status', 'SUSPENDED']);
    suspended.push(of?.name ?? 'nobody');
    return {};
  };
  const retired = await retireEarlier({ call } as unknown as CommandClient, canary);
  expect(suspended).toEqual(retired);
  return retired;
}

describe('a set-up that is repeated', () => {
  it('suspends what earlier ones of its name have made, one that broke off half-way too', async () => {
    const made = [{ name: 'canary-cs-mie1a2b3' }, { name: 'canary-cs-mie1a2b4', owners: [] }];
    expect(await retiredOf('cs', made)).toEqual(['canary-cs-mie1a2b3', 'canary-cs-mie1a2b4']);
  });

  it('leaves those alone that are suspended already', async () => {
    expect(await retiredOf('cs', [{ name: 'canary-cs-mie1a2b3', status: 'SUSPENDED' }])).toEqual([]);
  });

  it.each([
    ['another canary', 'canary-other-mie1a2b3'],
    ['a canary whose name begins like it', 'canary-cs-two-mie1a2b3'],
    ['a canary without a name', 'canary-mie1a2b3'],
    ['somebody with a name like it', 'canary-cs-islands'],
    ['somebody', 'acme'],
  ])('leaves %s alone', async (_who, name) => {
    expect(await retiredOf('cs', [{ name }])).toEqual([]);
  });

  it('leaves an organisation alone that has an agent of somebody else', async () => {
    const theirs = { name: 'canary-cs-services', owners: [...OURS, 'team:payments'] };
    expect(await retiredOf('cs', [theirs])).toEqual([]);
  });
});
