import { compressWithLz4, type Migration } from '@countersign/store';

/** Rows of tasks are written five times, transitions once: compressed by LZ4 that costs a tenth. */
export const compression: Migration = {
  name: '202611251000-compression',
  statements: [compressWithLz4('dispatcher', 'task', 'record'), compressWithLz4('dispatcher', 'unrecorded', 'item')],
};
