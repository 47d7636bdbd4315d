import type { Migration } from '@countersign/store';

/** Uses of grants are bounded: which of them are of names that the client's side wrote down, and the right to forget others. A row of before counts as told by others until it is used again. */
export const boundedUses: Migration = {
  name: '202611250201-bounded-uses',
  statements: [
    'alter table trust.grant_use add column declared boolean not null default false',
    'grant delete on trust.grant_use to trust_app',
  ],
};
