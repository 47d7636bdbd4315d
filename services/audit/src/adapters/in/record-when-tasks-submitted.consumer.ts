import { createHmac } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { Clock, formatDigest, sha256 } from '@countersign/primitives';
import { eventIdOf, TIMERS } from '@countersign/contracts';
import { JudgeTasks, type Judgement, type TaskMessage } from '@countersign/bus';
import { ServiceConfig } from '@countersign/service-host';
import { Chains, type Position } from '../../application/ports.js';
import { submissionDraft, SUBMITTED, type EntryDraft } from '../../domain/entry-header.js';
import type { AuditConfig } from '../../audit.config.js';

/** Records every submission, invalid and late ones too, and approves those that stand in the chain in time. */
@Controller()
export class RecordWhenTasksSubmitted {
  constructor(
    private readonly chains: Chains,
    private readonly clock: Clock,
    private readonly config: ServiceConfig,
  ) {}

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly (Judgement | null)[]> {
    const positions = await this.chains.append(tasks.map((task) => this.#draft(task)));
    const now = this.clock.now();
    return tasks.map((task, i) => (now - task.streamAt > TIMERS.verdict ? null : verdict(task, positions[i])));
  }

  #draft(task: TaskMessage): EntryDraft {
    const { key, attempt, round, streamAt: at, digest, body, envelope } = task;
    const named = envelope.ok ? { taskType: envelope.value.data.taskType, target: envelope.value.data.target } : {};
    return submissionDraft({
      key,
      attempt,
      round,
      at,
      digest,
      valid: envelope.ok,
      payload: this.#commitment(task, body),
      ...named,
    });
  }

  /** SHA-256(salt ‖ body) under a salt that only this service can make: nobody can guess a short body from it, and a replay makes the same. */
  #commitment({ key, attempt, round }: TaskMessage, body: Buffer): string {
    const { COUNTERSIGN_SEAL_KEY_FILE: sealKey } = this.config.values as AuditConfig;
    const salt = createHmac('sha256', sealKey)
      .update(`countersign/audit/salt/v1\0${key.org}\0${eventIdOf({ key, attempt, round }, SUBMITTED)}`)
      .digest();
    return formatDigest(sha256(salt, body));
  }
}

function verdict(task: TaskMessage, record: Position | undefined): Judgement {
  if (record === undefined) return { decision: 'DENY', codes: [{ code: 'AUDIT_UNAVAILABLE' }] };
  if (!task.envelope.ok) return { decision: 'DENY', codes: [{ code: task.envelope.error.code, clause: 10 }], record };
  return { decision: 'APPROVE', codes: [], record };
}
