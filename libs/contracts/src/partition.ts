import { ORG_PARTITIONS, TASK_PARTITIONS } from './limits.js';

/** Text that is its own UTF-8: every id is. */
const ASCII = /^[ -~]*$/;

/** FNV-1a, 32 bits, over the UTF-8 bytes: the hash behind the server's `partition()` subject mapping. */
export function fnv1a32(text: string): number {
  // several times for every message, so no buffer is made of an id
  const bytes = ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i += 1) hash = Math.imul(hash ^ bytes.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Partition of a task id (or of a grant on `res`): 0 to 63. */
export function taskPartition(task: string): number {
  return fnv1a32(task) % TASK_PARTITIONS;
}

/** Partition of an organisation: 0 to 15. */
export function orgPartition(org: string): number {
  return fnv1a32(org) % ORG_PARTITIONS;
}

/** Lane of a task's frames where the installation has that many lanes. */
export function laneOf(task: string, lanes: number): number {
  return taskPartition(task) % lanes;
}
