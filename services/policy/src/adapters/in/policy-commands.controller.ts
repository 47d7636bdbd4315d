import { Controller } from '@nestjs/common';
import {
  COMMANDS,
  type AnswerOf,
  type OrganizationPolicy,
  type ParsedRequestOf,
  type Policy,
  type PolicyScope,
} from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { readDocument, startingDocument } from '../../domain/document-text.js';
import { PolicyPublisher } from '../out/policy.publisher.js';
import { PolicyStore } from '../out/policy.store.js';

const { policy } = COMMANDS;
type Change = ParsedRequestOf<typeof policy.set>;

/** Commands on policies. */
@Controller()
export class PolicyCommands {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly store: PolicyStore,
    private readonly publisher: PolicyPublisher,
  ) {
    this.#facts = new TaskFacts(models);
  }

  @OnCommand(policy.set)
  async set(request: Change, { actor }: CommandContext): Promise<AnswerOf<typeof policy.set>> {
    if ((request.document === undefined) === (request.change === undefined))
      throw new CommandRefused(
        'REQUEST_INVALID',
        'give either the whole document or a change of single fields',
        'document',
      );
    const policyVersion = await this.store.put(request.scope, `${actor.kind}:${actor.id}`, (current) =>
      checked(request.scope, merged(request, current)),
    );
    await this.publisher.now().catch(() => undefined);
    return { policyVersion };
  }

  @OnCommand(policy.show)
  async show({ scope, version }: ParsedRequestOf<typeof policy.show>): Promise<AnswerOf<typeof policy.show>> {
    return { policy: (await this.store.show(scope, version)) ?? null };
  }

  @OnCommand(policy.explain)
  async explain({ task }: ParsedRequestOf<typeof policy.explain>): Promise<AnswerOf<typeof policy.explain>> {
    const [org, agent] = await Promise.all([
      this.store.show({ kind: 'org', org: task.org }),
      this.store.show({ kind: 'agent', org: task.org, agent: task.agent }),
    ]);
    return {
      found: this.#facts.agent(task) !== undefined,
      part: {
        organizationPolicyVersion: org?.policyVersion ?? null,
        agentPolicyVersion: agent?.policyVersion ?? null,
        priceBookVersion: this.#facts.priceBook().version,
      },
    };
  }
}

function merged({ scope, document, change }: Change, current: object | undefined): object {
  return document ?? { ...startingDocument(scope.kind, current), ...change };
}

/** The document as it will be stored. */
function checked(scope: PolicyScope, document: object): Policy | OrganizationPolicy {
  const read = readDocument(scope.kind, document);
  if (read.ok) return read.document;
  const [first] = read.errors;
  throw new CommandRefused('REQUEST_INVALID', first?.message ?? 'not a policy', first?.field ?? '');
}
