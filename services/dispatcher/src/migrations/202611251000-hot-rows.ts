import { compressWithLz4, type Migration } from '@countersign/store';

/** What is written for every task costs as little as it can: rows of tasks are written five times, transitions live for a moment. */
export const hotRows: Migration = {
  name: '202611251000-hot-rows',
  statements: [
    compressWithLz4('dispatcher', 'task', 'record'),
    // compressed and cut into pieces only beyond 8 KiB: a transition is deleted before that would pay
    'alter table dispatcher.unrecorded set (toast_tuple_target = 8160)',
    // few rows stand here at any moment: looking at all of them every few seconds costs less than an index on every one
    'drop index dispatcher.unrecorded_at',
  ],
};
