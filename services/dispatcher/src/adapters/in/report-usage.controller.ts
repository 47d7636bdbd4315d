import { Controller } from '@nestjs/common';
import {
  isTerminal,
  usageReportSchema,
  uuidSchema,
  type UsageReport,
  type UsageReportReply,
} from '@countersign/contracts';
import { OnAgentRequest, type AgentRequest } from '@countersign/bus';
import { Charges } from '../../application/charges.js';
import { Dispatch } from '../../application/dispatch.js';
import type { TaskRecord } from '../../domain/model.js';
import { TaskStore } from '../out/task.store.js';
import { MAX_REPORTED, UsageReports } from '../out/usage-reports.js';

const OK: UsageReportReply = { ok: true };
const refused = (code: NonNullable<UsageReportReply['code']>, message: string): UsageReportReply => ({
  ok: false,
  code,
  message,
});

/** Takes what a target used so far. It counts under the grant of a claim, from the agent that the claim named, while the task is running; after its end the first cost that is told corrects what was assumed. */
@Controller()
export class ReportUsage {
  constructor(
    private readonly store: TaskStore,
    private readonly reports: UsageReports,
    private readonly dispatch: Dispatch,
    private readonly charges: Charges,
  ) {}

  @OnAgentRequest('usage')
  async report({ org, agent, id: grant, body }: AgentRequest): Promise<UsageReportReply> {
    const parsed = usageReportSchema.safeParse(body);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return refused('REQUEST_INVALID', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a usage report'}`);
    }
    const [row] = uuidSchema.safeParse(grant).success ? await this.store.select('t.grant_id = $1::uuid', [grant]) : [];
    const target = row?.record.connection;
    if (row === undefined || target?.org !== org || target.agent !== agent)
      return refused('TASK_NOT_FOUND', 'no task was handed to this agent under this grant');
    const reporting = await this.reports.take(row.record, grant, parsed.data);
    if (reporting.taken) return OK;
    if (reporting.state === undefined)
      return refused(
        'REQUEST_INVALID',
        `usage: at most ${MAX_REPORTED} entries are taken under one grant; add them up`,
      );
    if (!isTerminal(reporting.state))
      return refused('TEMPORARILY_UNAVAILABLE', 'the result is being screened; report again when the task has ended');
    return this.#late(row.record, parsed.data);
  }

  async #late({ key, attempt }: TaskRecord, { report, usage, tools }: UsageReport): Promise<UsageReportReply> {
    const [changed] = await this.dispatch.apply([
      {
        key,
        attempt,
        event: { type: 'lateUsage', report, usage, tools },
        charge: (row, cost) => this.charges.of(row, cost),
      },
    ]);
    if (changed !== undefined) return OK;
    const [stored] = await this.store.read([{ key, attempt }]);
    return stored?.record.late?.report === report
      ? OK
      : refused('ALREADY_EXISTS', 'the task has ended and a cost was told after its end; the first one stands');
  }
}
