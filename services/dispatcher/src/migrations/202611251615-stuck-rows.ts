import type { Migration } from '@countersign/store';

/** Rounds that are not in the log are looked for every few seconds: without an index of their own that read every task there ever was. A row stands in it only while a later round is awaited. */
export const stuckRows: Migration = {
  name: '202611251615-stuck-rows',
  statements: ["create index task_evaluating on dispatcher.task (updated_at) where state = 'EVALUATING'"],
};
