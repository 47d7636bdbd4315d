import { formatDigest, sha256, utf8, uuidV8, type Digest } from '@countersign/primitives';
import type { AgentRef, TaskKey } from './identities.js';
import { resultSubject, taskSubject } from './subjects.js';

const ZERO = Buffer.of(0);

function digestOf(purpose: string, subject: string, body: Uint8Array): Digest {
  return formatDigest(sha256(utf8(purpose), ZERO, utf8(subject), ZERO, body));
}

/** Digest of a task's stored, transformed or delivered bytes: always over the submission's subject, so services, rounds and target get one value. */
export function taskDigest(key: TaskKey, body: Uint8Array): Digest {
  return digestOf('countersign/task/v1', taskSubject(key), body);
}

/** Digest of a result's bytes. */
export function resultDigest(target: AgentRef, grant: string, body: Uint8Array): Digest {
  return digestOf('countersign/result/v1', resultSubject(target, grant), body);
}

/** One evaluation of one execution of a task. */
export interface Evaluation {
  readonly key: TaskKey;
  readonly attempt: number;
  readonly round: number;
}

/** W3C trace id of an evaluation, 32 hexadecimal digits: every service derives it, no header carries it. */
export function traceIdOf({ key, attempt, round }: Evaluation): string {
  const parts = ['countersign/trace/v1', key.org, key.agent, key.task, String(attempt), String(round)];
  return sha256(parts.join('\0')).toString('hex', 0, 16);
}

/** Id of the event that an item of a frame reports, the same whoever derives it: key of audit's and trust's rows. `to` is part of it for `moved`. */
export function eventIdOf({ key, attempt, round }: Evaluation, type: string, to?: string): string {
  const parts = [key.org, key.agent, key.task, String(attempt), String(round), type, ...(to === undefined ? [] : [to])];
  return uuidV8(sha256(parts.join('\0')));
}

/** The canary of one execution, from the id of its grant: `cnry-` and 16 hexadecimal digits. It tells that a target repeats what it was given, not who it is. */
export function taskCanary(grant: string): string {
  return `cnry-${sha256(`countersign/canary/v1\0${grant}`).toString('hex', 0, 8)}`;
}
