import { ORG_PARTITIONS, TASK_PARTITIONS } from './limits.js';

/** FNV-1a, 32 bits, over the UTF-8 bytes: the hash behind the server's `partition()` subject mapping. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
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
