import { Injectable } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { COMMANDS, type AgentRef, type CodeRef, type Facts, type TaskKey } from '@countersign/contracts';
import { CommandClient, type TaskMessage } from '@countersign/bus';
import { ServiceConfig } from '@countersign/service-host';
import { Database } from '@countersign/store';
import { Logger } from '@countersign/telemetry';
import { INTAKE_WINDOW_MS, IntakeQuota } from '../../domain/intake-quota.js';
import type { DispatcherConfig } from '../../dispatcher.config.js';

/** A submission that is denied before anybody's verdict. */
export interface Refusal {
  readonly task: TaskMessage;
  readonly code: CodeRef;
  readonly facts: Facts;
}

interface RefusedAgent {
  readonly org_id: string;
  readonly agent_id: string;
  readonly from: number;
  readonly to: number;
}

/**
 * What is denied at the door: agents over their quota, and what is no envelope. Counted by the stream's timestamps as the log is read, so every replica and every
 * replay counts the same. A replay starts 15 s before what was read last, more than the window; who was refused before it is taken from the rows that say so and
 * stays refused for 60 s after the last of them, which may be longer than it would have been, never shorter.
 */
@Injectable()
export class Intake {
  readonly #quota: IntakeQuota;

  constructor(
    config: ServiceConfig,
    private readonly database: Database,
    private readonly commands: CommandClient,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.#quota = new IntakeQuota((config.values as DispatcherConfig).COUNTERSIGN_INTAKE_PER_10S);
  }

  /** What one agent may submit in 10 s. */
  get limit(): number {
    return this.#quota.limit;
  }

  /** Takes over from the rows who was refused lately. */
  async restore(): Promise<void> {
    const rows = await this.database.system((tx) =>
      tx.query<RefusedAgent>(
        `select t.org_id, t.agent_id, floor(extract(epoch from min(t.accepted_at)) * 1000)::float8 as from, floor(extract(epoch from max(t.accepted_at)) * 1000)::float8 as to
         from dispatcher.task t where t.code = 'INTAKE_LIMITED' and t.accepted_at > clock_timestamp() - interval '2 minutes' group by t.org_id, t.agent_id`,
      ),
    );
    for (const { org_id: org, agent_id: agent, from, to } of rows)
      this.#quota.restore(agentText({ org, agent }), { from, to });
  }

  /** Counts a submission; answers why it is denied at once, if it is. Later rounds and attempts are the dispatcher's own and are not counted. */
  refusalOf(task: TaskMessage): Refusal | undefined {
    const limited = task.roundLine === undefined ? this.#count(task.key, task.streamAt) : undefined;
    if (limited !== undefined)
      return {
        task,
        code: { code: 'INTAKE_LIMITED', side: 'client' },
        facts: { retryAfterMs: limited - task.streamAt },
      };
    return task.envelope.ok
      ? undefined
      : { task, code: { code: task.envelope.error.code, clause: 10, side: 'client' }, facts: {} };
  }

  /** Until when an agent's submissions are refused; undefined when they are not. */
  limitedUntil(agent: AgentRef, at: number): number | undefined {
    return this.#quota.limitedUntil(agentText(agent), at);
  }

  /** Forgets who is quiet. */
  sweep(now: number): void {
    this.#quota.sweep(now);
  }

  #count({ org, agent }: TaskKey, at: number): number | undefined {
    const intake = this.#quota.take(agentText({ org, agent }), at);
    if (intake.kind === 'taken') return undefined;
    // what is read again after a crash was told when it happened
    if (this.clock.now() - at < INTAKE_WINDOW_MS) {
      if (intake.began) this.logger.alert('INTAKE_FLOOD', { org, agent });
      if (intake.flood) this.#cut({ org, agent });
    }
    return intake.until;
  }

  #cut({ org, agent }: AgentRef): void {
    this.logger.alert('INTAKE_FLOOD', { org, agent, state: 'cut' });
    this.commands
      .call(COMMANDS.registry.agentCut, { org, agent })
      .catch((error: unknown) => this.logger.error('a flooding agent could not be cut off', { org, agent, error }));
  }
}

function agentText({ org, agent }: AgentRef): string {
  return `${org}/${agent}`;
}
