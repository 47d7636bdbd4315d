import { describe, expect, it } from '@jest/globals';
import { SIGNERS, type Signer } from '@countersign/contracts';
import { CONTROL_USERS, permissionsOf } from '@countersign/nats';
import { SUBJECT_CATALOGUE } from '../../libs/contracts/src/reference/subject-catalogue.js';

const subjects = SUBJECT_CATALOGUE.flatMap(([, entries]) => entries);
const signers = SIGNERS.filter((signer) => CONTROL_USERS.some((user) => user === signer));

/** Whether a pattern of NATS covers a subject. */
function covers(pattern: string, subject: string): boolean {
  const [wanted, found] = [pattern.split('.'), subject.split('.')];
  if (wanted.at(-1) === '>') return found.length >= wanted.length && wanted.slice(0, -1).every(matches);
  return wanted.length === found.length && wanted.every(matches);
  function matches(token: string, i: number): boolean {
    return token === '*' || token === found[i];
  }
}

describe('the reference and the server’s permissions', () => {
  it.each(subjects)('agree on who may send $address', ({ address, from }) => {
    const may = (signer: Signer): boolean => {
      const user = CONTROL_USERS.find((name) => name === signer);
      return user !== undefined && permissionsOf(user).publish.some((pattern) => covers(pattern, address));
    };
    expect(signers.filter(may)).toEqual(signers.filter((signer) => from.includes(signer)));
  });

  it.each(subjects.filter((subject) => subject.address.startsWith('agt.') && !subject.to.includes('nats-server')))(
    'agree on who answers $address',
    ({ address, to }) => {
      const hears = CONTROL_USERS.filter((user) =>
        permissionsOf(user).subscribe.some((pattern) => covers(pattern, address)),
      );
      expect(hears).toEqual(to);
    },
  );
});
