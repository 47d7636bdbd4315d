import { Controller } from '@nestjs/common';
import { Clock, formatInstant } from '@countersign/primitives';
import {
  COMMANDS,
  readModelKey,
  type AnswerOf,
  type ConnectionRecord,
  type ParsedRequestOf,
} from '@countersign/contracts';
import { CommandRefused, OnCommand } from '@countersign/bus';
import { ReadModels, TaskFacts, type TaskParties } from '@countersign/service-host';
import { neutralDocument, readDocument, type Finding } from '../../domain/document-text.js';
import { effectivePolicy } from '../../domain/effective-policy.js';
import { faultOf } from '../../domain/document-faults.js';
import { lintDocument } from '../../domain/lint-document.js';
import { lintLevels } from '../../domain/lint-levels.js';
import type { PoliciesInForce } from '../../domain/model.js';
import { tellClauses, tellEffective } from '../../domain/tell.js';
import { tryPolicy, type Difference } from '../../domain/try-policy.js';
import { inForce, versionsOf } from './policy-questions.js';

const { policy } = COMMANDS;
type Lint = ParsedRequestOf<typeof policy.lint>;
type LintAnswer = AnswerOf<typeof policy.lint>;

/** Helps whoever writes policies: what a document means before it is set, and what all levels come to. */
@Controller()
export class PolicyAuthoring {
  readonly #facts: TaskFacts;

  constructor(
    private readonly models: ReadModels,
    private readonly clock: Clock,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @OnCommand(policy.lint)
  async lint({ kind, document, within }: Lint): Promise<LintAnswer> {
    const read = readDocument(kind, { ...neutralDocument(kind), ...document });
    if (!read.ok) return { errors: copied(read.errors), warnings: [] };
    const now = this.clock.now();
    const warnings = [...lintDocument(read.document, now)];
    if (within !== undefined) {
      const { policies } = this.#levelsOf(within);
      const level = { org: 'clientOrg', agent: 'client', connection: 'connection' } as const;
      const beside = { ...policies, [level[kind]]: read.document };
      refuseFaults(beside);
      warnings.push(...lintLevels(beside, level[kind], now));
    }
    return { errors: [], warnings: copied(warnings) };
  }

  @OnCommand(policy.test)
  async test(trial: ParsedRequestOf<typeof policy.test>): Promise<AnswerOf<typeof policy.test>> {
    const result = tryPolicy(trial, this.clock.now());
    if (!result.ok) {
      const [first] = result.errors;
      throw new CommandRefused('REQUEST_INVALID', first?.message ?? 'not a policy', `documents.${first?.field ?? ''}`);
    }
    const { decision, differences } = result;
    return {
      decision: decision.decision,
      codes: [...decision.codes],
      clauses: tellClauses(decision),
      effective: decision.effective === undefined ? {} : { ...tellEffective(decision.effective) },
      grant: decision.grant ?? null,
      ...(decision.nextOpenAt === undefined ? {} : { nextOpenAt: formatInstant(decision.nextOpenAt) }),
      differences: differences.map(({ field, expected, found }) => ({
        field,
        expected: plain(expected),
        found: plain(found),
      })),
    };
  }

  @OnCommand(policy.effectiveShow)
  async effectiveShow(
    asked: ParsedRequestOf<typeof policy.effectiveShow>,
  ): Promise<AnswerOf<typeof policy.effectiveShow>> {
    const { policies, versions } = this.#levelsOf(asked);
    refuseFaults(policies);
    return { effective: { ...tellEffective(effectivePolicy(policies)) }, versions };
  }

  /** Every document in force for a connection. */
  #levelsOf({ org, connection }: NonNullable<Lint['within']>): {
    readonly policies: PoliciesInForce;
    readonly versions: Record<string, number>;
  } {
    const record = this.models.registry.get(readModelKey.connection(org, connection));
    const parties = record?.kind === 'connection' ? this.#partiesOf(record) : undefined;
    if (parties === undefined)
      throw new CommandRefused(
        'CONNECTION_NOT_FOUND',
        `there is no connection ${connection} of this organisation`,
        'connection',
      );
    const records = this.#facts.policies(parties);
    return { policies: inForce(records, parties), versions: versionsOf(records) };
  }

  /** What stands at the two ends of a connection, whichever state it is in. */
  #partiesOf(connection: ConnectionRecord): TaskParties | undefined {
    const [clientOrg, targetOrg] = [this.#facts.org(connection.client.org), this.#facts.org(connection.target.org)];
    const [client, target] = [this.#facts.agent(connection.client), this.#facts.agent(connection.target)];
    if (clientOrg === undefined || targetOrg === undefined || client === undefined || target === undefined)
      return undefined;
    return { clientOrg, targetOrg, client, target, connection };
  }
}

/** What is stored at another level cannot be compared with when it cannot be read. */
function refuseFaults(policies: PoliciesInForce): void {
  const fault = faultOf(policies);
  if (fault !== undefined)
    throw new CommandRefused(
      'POLICY_EVALUATION_ERROR',
      `the stored policy of ${fault.level}: ${fault.problem}`,
      fault.field,
    );
}

const copied = (findings: readonly Finding[]): Finding[] => findings.map((finding) => ({ ...finding }));
const plain = (value: Difference['found']): string | number | null | string[] =>
  value === null || typeof value !== 'object' ? value : [...value];
