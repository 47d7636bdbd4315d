import { isUuidV7 } from '@countersign/primitives';
import { CONTROLS, type AgentRef, type Control, type Signer, type TaskKey } from './identities.js';
import { orgPartition, taskPartition } from './partition.js';

/** What a submission's subject, and the subject of every digest over its bytes, is: rebuilt from the key, never taken from a message. */
export function taskSubject({ org, agent, task }: TaskKey): string {
  return `agt.${org}.${agent}.task.${task}`;
}

/** Subject on which a target publishes the result of the grant (its `jti`). */
export function resultSubject({ org, agent }: AgentRef, grant: string): string {
  return `agt.${org}.${agent}.result.${grant}`;
}

/** Subject on which an agent asks for state and answer of an own task. */
export function statusSubject({ org, agent, task }: TaskKey): string {
  return `agt.${org}.${agent}.status.${task}`;
}

/** Subject on which an agent asks for its connections and the newest trust bundle. */
export function peersSubject({ org, agent }: AgentRef): string {
  return `agt.${org}.${agent}.peers.list`;
}

/** Subject of a dry run: the same judgement as a submission's, and nothing happens. */
export function checkSubject({ org, agent }: AgentRef, id: string): string {
  return `agt.${org}.${agent}.check.${id}`;
}

/** Subject on which a target reports what a task under this grant has used so far. */
export function usageReportSubject({ org, agent }: AgentRef, grant: string): string {
  return `agt.${org}.${agent}.usage.${grant}`;
}

/** Every subject on which an agent may publish, as the permissions of its connection: `*` stands for a task, grant or id. */
export function agentPublishSubjects(own: AgentRef): readonly string[] {
  return [
    taskSubject({ ...own, task: '*' }),
    resultSubject(own, '*'),
    statusSubject({ ...own, task: '*' }),
    peersSubject(own),
    checkSubject(own, '*'),
    usageReportSubject(own, '*'),
  ];
}

/** Subject of a hand-over. */
export function deliverySubject({ org, agent }: AgentRef): string {
  return `dlv.${org}.${agent}`;
}

/** Subject of an answer; `instance` from the envelope, else `all`. */
export function answerSubject({ org, agent }: AgentRef, instance = 'all'): string {
  return `ans.${org}.${agent}.${instance}`;
}

/** Subject under which the server stores a submission. */
export function ingestSubject({ org, agent, task }: TaskKey): string {
  return `ing.${taskPartition(task)}.${orgPartition(org)}.${org}.${agent}.${task}`;
}

/** Subject of a later evaluation of a task. */
export function roundSubject({ org, agent, task }: TaskKey, attempt: number, round: number): string {
  return `rnd.${taskPartition(task)}.${orgPartition(org)}.${org}.${agent}.${task}.${attempt}.${round}`;
}

/** Subject under which the server stores a result: organisation, agent and `s` are the target's, `p` is the grant's. */
export function storedResultSubject({ org, agent }: AgentRef, grant: string): string {
  return `res.${taskPartition(grant)}.${orgPartition(org)}.${org}.${agent}.${grant}`;
}

/** Subject of a control's verdict frames. */
export function verdictSubject(lane: number, control: Control): string {
  return `flow.${lane}.vd.${control}`;
}

/** Kinds of frame beside verdicts: transitions, recorded, screening requests, output verdicts. */
export type FlowKind = 'dec' | 'rec' | 'scr' | 'ovd';

/** Subject of a frame that is no verdict. */
export function flowSubject(lane: number, kind: FlowKind): string {
  return `flow.${lane}.${kind}`;
}

const FLOW = /^flow\.(?:\d|[1-5]\d|6[0-3])\.(vd\.[a-z]+|[a-z]+)$/;

/** Who alone may sign a frame on this subject; undefined when the subject carries no frames. */
export function signerOfFlow(subject: string): Signer | undefined {
  const kind = FLOW.exec(subject)?.[1];
  switch (kind) {
    case 'dec':
    case 'scr':
      return 'dispatcher';
    case 'rec':
      return 'audit';
    case 'ovd':
      return 'guardrails';
    default:
      return CONTROLS.find((control) => kind === `vd.${control}`);
  }
}

/** Subject of a transformed body. */
export function bodySubject({ org, agent, task }: TaskKey, attempt: number, round: number, side: 'in' | 'out'): string {
  return `body.${org}.${agent}.${task}.${attempt}.${round}.${side}`;
}

/** Subject of an operator or service command. */
export function commandSubject(service: string, verb: string): string {
  return `adm.${service}.${verb}`;
}

/** What a stored message of stream ING says about itself. */
export type IngestAddress =
  | { readonly kind: 'submission'; readonly key: TaskKey; readonly attempt: 1; readonly round: 1 }
  | { readonly kind: 'round'; readonly key: TaskKey; readonly attempt: number; readonly round: number };

/** Reads a subject of stream ING; undefined when it is none, its ids are none, or its partitions are not the ones of its key. */
export function parseIngestSubject(subject: string): IngestAddress | undefined {
  const [kind, p, s, org, agent, task, attempt, round, ...rest] = subject.split('.');
  if (!isId(org) || !isId(agent) || !isId(task) || rest.length > 0) return undefined;
  if (p !== String(taskPartition(task)) || s !== String(orgPartition(org))) return undefined;
  const key = { org, agent, task };
  if (kind === 'ing' && attempt === undefined) return { kind: 'submission', key, attempt: 1, round: 1 };
  if (kind !== 'rnd' || !isCount(attempt) || !isCount(round)) return undefined;
  return { kind: 'round', key, attempt: Number(attempt), round: Number(round) };
}

/** Reads a subject of stream RES: whose result it is and under which grant. Undefined as {@link parseIngestSubject} is. */
export function parseStoredResultSubject(subject: string): (AgentRef & { readonly grant: string }) | undefined {
  const [kind, p, s, org, agent, grant, ...rest] = subject.split('.');
  if (kind !== 'res' || !isId(org) || !isId(agent) || !isId(grant) || rest.length > 0) return undefined;
  return p === String(taskPartition(grant)) && s === String(orgPartition(org)) ? { org, agent, grant } : undefined;
}

/** A token of somebody who may publish under it: no item of a frame, and no row, could speak of one that is no id. */
function isId(token: string | undefined): token is string {
  return token !== undefined && isUuidV7(token);
}

function isCount(text: string | undefined): text is string {
  return text !== undefined && /^[1-9]\d{0,3}$/.test(text);
}
