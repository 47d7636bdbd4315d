import { createHmac } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { Clock, formatDigest, sha256 } from '@countersign/primitives';
import { COMMANDS, eventIdOf, TIMERS, type AnswerOf, type ParsedRequestOf } from '@countersign/contracts';
import { answerDryRun, JudgeTasks, OnCommand, type Judgement, type TaskMessage } from '@countersign/bus';
import { ServiceConfig } from '@countersign/service-host';
import { Logger } from '@countersign/telemetry';
import { Chains, type Position } from '../../application/ports.js';
import { submissionDraft, SUBMITTED, type EntryDraft } from '../../domain/entry-header.js';
import type { AuditConfig } from '../../audit.config.js';

const { audit } = COMMANDS;

/** Records every submission, invalid and late ones too, and approves those that stand in the chain in time. */
@Controller()
export class RecordWhenTasksSubmitted {
  constructor(
    private readonly chains: Chains,
    private readonly clock: Clock,
    private readonly config: ServiceConfig,
    private readonly logger: Logger,
  ) {}

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly (Judgement | null)[]> {
    const positions = await this.chains.append(tasks.map((task) => this.#draft(task)));
    const now = this.clock.now();
    return tasks.map((task, i) => (now - task.streamAt > TIMERS.verdict ? null : verdict(task, positions[i])));
  }

  /** Approves while the organisation's chain can be read; nothing is recorded, so the answer names no entry. */
  @OnCommand(audit.dryRun)
  async dryRun(request: ParsedRequestOf<typeof audit.dryRun>): Promise<AnswerOf<typeof audit.dryRun>> {
    const judge = async ({ key }: TaskMessage): Promise<Judgement> => {
      await this.chains.head(key.org);
      return { decision: 'APPROVE', codes: [] };
    };
    const onError = (error: unknown): void => this.logger.error('a dry run failed', { error });
    return answerDryRun({ control: 'audit', judge, models: [], now: this.clock.now(), onError }, request);
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
