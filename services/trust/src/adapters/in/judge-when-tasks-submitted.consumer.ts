import { Controller } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import {
  DEFAULT_ORGANIZATION_POLICY,
  type OrganizationPolicy,
  type Policy,
  type PolicyRecord,
} from '@countersign/contracts';
import { denial, JudgeTasks, type Judgement, type TaskMessage } from '@countersign/bus';
import { ReadModels, TaskFacts, type TaskParties } from '@countersign/service-host';
import { EvidenceSource } from '../../application/ports.js';
import { Standings } from '../../application/standings.js';
import { ALGORITHM } from '../../domain/algorithm.js';
import { failedGates, type GateDocuments } from '../../domain/gates.js';

/** Gives trust's verdict on every task: the client's and the target's standing against every gate. */
@Controller()
export class JudgeWhenTasksSubmitted {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly standings: Standings,
    private readonly evidence: EvidenceSource,
    private readonly clock: Clock,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @JudgeTasks()
  async judge(tasks: readonly TaskMessage[]): Promise<readonly Judgement[]> {
    const now = this.clock.now();
    const fresh = this.evidence.fresh();
    return tasks.map((task) =>
      fresh ? this.#judgeOne(task, now) : denial({ code: 'TRUST_EVIDENCE_STALE', side: 'client' }),
    );
  }

  #judgeOne({ key, envelope }: TaskMessage, now: number): Judgement {
    if (!envelope.ok) return denial({ code: envelope.error.code, clause: 10, side: 'client' });
    const parties = this.#facts.parties(key, envelope.value.data.target);
    if (parties === undefined) return denial({ code: 'TRUST_UNKNOWN_AGENT', side: 'client' });
    const client = this.standings.standing(key.org, parties.client, now);
    const target = this.standings.standing(key.org, parties.target, now);
    const codes = failedGates(this.#documents(parties), client, target);
    return {
      decision: codes.length === 0 ? 'APPROVE' : 'DENY',
      codes,
      versions: { algorithm: ALGORITHM },
      score: { client, target },
    };
  }

  #documents(parties: TaskParties): GateDocuments {
    const records = this.#facts.policies(parties);
    const foreign = parties.clientOrg.org !== parties.targetOrg.org;
    return {
      clientOrg: orgDocument(records.clientOrg),
      targetOrg: foreign ? orgDocument(records.targetOrg) : undefined,
      client: documentOf(records.client),
      connection: documentOf(records.connection),
    };
  }
}

const orgDocument = (record: PolicyRecord | undefined): OrganizationPolicy =>
  record?.kind === 'org' ? record.document : DEFAULT_ORGANIZATION_POLICY;
const documentOf = (record: PolicyRecord | undefined): Policy | undefined =>
  record === undefined || record.kind === 'org' ? undefined : record.document;
