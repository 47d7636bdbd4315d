import { uuidV7 } from '@countersign/primitives';
import type { AgentRef, TaskKey } from '@countersign/contracts';
import { SeededRandom } from '../random.js';

/** What {@link FixedClock} shows first, and the time of ids where a test names none: Monday 2 March 2026, 10:00 UTC. */
export const TEST_NOW_MS = Date.UTC(2026, 2, 2, 10);

const random = new SeededRandom('ids');

/** A UUIDv7 that no other call in this test file gets; the same in every run. `at` in ms since 1970. */
export function anId(at: number = TEST_NOW_MS): string {
  return uuidV7(at, random);
}

/** An agent of an organisation, both new unless named. */
export function anAgent(parts: Partial<AgentRef> = {}): AgentRef {
  return { org: parts.org ?? anId(), agent: parts.agent ?? anId() };
}

/** A task's key, every part new unless named. `at` is the time that the task's id carries. */
export function aTaskKey({ at, ...parts }: Partial<TaskKey> & { readonly at?: number } = {}): TaskKey {
  return { org: parts.org ?? anId(), agent: parts.agent ?? anId(), task: parts.task ?? anId(at) };
}
