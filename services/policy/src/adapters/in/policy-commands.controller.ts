import { Controller } from '@nestjs/common';
import {
  COMMANDS,
  DEFAULT_ORGANIZATION_POLICY,
  NEUTRAL_POLICY,
  organizationPolicySchema,
  policySchema,
  type AnswerOf,
  type OrganizationPolicy,
  type ParsedRequestOf,
  type Policy,
  type PolicyScope,
} from '@countersign/contracts';
import { CommandRefused, OnCommand, type CommandContext } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import { normalise } from '../../domain/lists.js';
import { isKnownZone } from '../../domain/time-windows.js';
import { unsupportedPolicyFields } from '../../domain/unsupported.js';
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
  async show({ scope }: ParsedRequestOf<typeof policy.show>): Promise<AnswerOf<typeof policy.show>> {
    return { policy: (await this.store.show(scope)) ?? null };
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
  const base = scope.kind === 'org' ? DEFAULT_ORGANIZATION_POLICY : NEUTRAL_POLICY;
  return document ?? { ...base, ...current, ...change };
}

/** The document as it will be stored: valid for its scope, with known zones, lists sorted, and nothing in it that no clause enforces. */
function checked(scope: PolicyScope, document: object): Policy | OrganizationPolicy {
  const parsed = (scope.kind === 'org' ? organizationPolicySchema : policySchema).safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const keys = issue?.code === 'unrecognized_keys' ? issue.keys : [];
    throw new CommandRefused(
      'REQUEST_INVALID',
      issue?.message ?? 'not a policy',
      [...(issue?.path ?? []), ...keys].join('.'),
    );
  }
  const { data } = parsed;
  const zone = data.windows?.find((window) => !isKnownZone(window.tz))?.tz;
  if (zone !== undefined)
    throw new CommandRefused(
      'REQUEST_INVALID',
      `${zone} is no IANA time zone (right would be Europe/Berlin)`,
      'windows',
    );
  const [field] = unsupportedPolicyFields(data);
  if (field !== undefined)
    throw new CommandRefused('REQUEST_INVALID', `${field} is not enforced yet; leave it neutral`, field);
  const taskTypes = normalise(data.taskTypes);
  return { ...data, taskTypes: taskTypes === null ? null : [...taskTypes] };
}
