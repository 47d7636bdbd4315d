import { Controller } from '@nestjs/common';
import { Clock, formatInstant, Random, uuidV7 } from '@countersign/primitives';
import { COMMANDS, type AnswerOf, type ParsedRequestOf, type Part } from '@countersign/contracts';
import { CommandRefused, OnCommand, parseSubmission, RequestRate, type CommandContext } from '@countersign/bus';
import { ServiceConfig } from '@countersign/service-host';
import { GuardrailsInForce } from '../../application/guardrails-in-force.js';
import { ScreenBodies } from '../../application/screen-bodies.js';
import { ScreenTasks } from '../../application/screen-tasks.js';
import { partsOf } from '../../domain/screening/screen-body.js';
import { shinglesOf } from '../../domain/techniques/prompt-leak.js';
import type { GuardrailsConfig } from '../../guardrails.config.js';
import { CanaryStore } from '../out/canary.store.js';
import { keyedHash } from '../out/keyed-hash.js';
import { PromptStore } from '../out/prompt.store.js';

const { guardrails } = COMMANDS;
const LEAST_SHINGLES = 8;
/** A try costs as much work as a submission, so it is bound in the same way: as many as one agent may submit. */
const TRIES = { limit: 100, periodMs: 10_000 } as const;

/** Commands on canaries and prompts, and those that only try. */
@Controller()
export class TechniqueCommands {
  readonly #tries = new RequestRate(TRIES);

  constructor(
    private readonly canaries: CanaryStore,
    private readonly prompts: PromptStore,
    private readonly screenTasks: ScreenTasks,
    private readonly bodies: ScreenBodies,
    private readonly inForce: GuardrailsInForce,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly config: ServiceConfig,
  ) {}

  @OnCommand(guardrails.canaryCreate)
  async createCanary(
    agent: ParsedRequestOf<typeof guardrails.canaryCreate>,
    { actor }: CommandContext,
  ): Promise<AnswerOf<typeof guardrails.canaryCreate>> {
    return { canary: await this.canaries.create(agent, `${actor.kind}:${actor.id}`) };
  }

  @OnCommand(guardrails.promptPut)
  async putPrompt(
    { org, agent, text }: ParsedRequestOf<typeof guardrails.promptPut>,
    { actor }: CommandContext,
  ): Promise<AnswerOf<typeof guardrails.promptPut>> {
    const { COUNTERSIGN_SEAL_KEY_FILE: key } = this.config.values as GuardrailsConfig;
    const shingles = [...new Set(shinglesOf(text, keyedHash(key)))];
    if (shingles.length < LEAST_SHINGLES)
      throw new CommandRefused(
        'REQUEST_INVALID',
        `a prompt must have at least ${LEAST_SHINGLES + 7} words; a shorter one would be found in anything`,
        'text',
      );
    await this.prompts.put({ org, agent }, shingles, `${actor.kind}:${actor.id}`);
    return { shingles: shingles.length };
  }

  @OnCommand(guardrails.test)
  async test(
    { org, stage, parts }: ParsedRequestOf<typeof guardrails.test>,
    { actor }: CommandContext,
  ): Promise<AnswerOf<typeof guardrails.test>> {
    this.#refuseTooMany(actor);
    const body = stage === 'INPUT' ? this.#submission(org, parts) : this.#result(org, parts);
    const [screening] = await this.bodies.screen([
      {
        facts: { stage, now: this.clock.now(), idempotent: true, retriesUsed: 0 },
        guardrails: this.inForce.between(org, org).guardrails,
        body,
        ...(stage === 'OUTPUT' ? { input: this.#submission(org, [{ text: '' }]) } : {}),
        scope: { token: `${org} test`, span: org },
      },
    ]);
    if (screening === undefined) throw new CommandRefused('TEMPORARILY_UNAVAILABLE', 'the parts could not be screened');
    const passed = screening.transformed === undefined ? undefined : partsOf(screening.transformed, stage);
    return {
      action: screening.action,
      codes: [...screening.codes],
      warnings: [...screening.warnings],
      guardrails: [...screening.guardrails],
      ...(passed === undefined ? {} : { parts: [...passed] }),
    };
  }

  @OnCommand(guardrails.dryRun)
  async dryRun({
    task,
    envelope,
  }: ParsedRequestOf<typeof guardrails.dryRun>): Promise<AnswerOf<typeof guardrails.dryRun>> {
    const body = Buffer.from(envelope, 'base64');
    const parsed = parseSubmission(task, body, this.clock.now());
    const [screened] = await this.screenTasks.judge([{ key: task, body, envelope: parsed }]);
    if (screened === undefined) throw new CommandRefused('TEMPORARILY_UNAVAILABLE', 'the task could not be screened');
    const {
      decision,
      codes,
      details = {},
      versions = {},
      transformedDigest,
      guardrails: outcomes,
    } = screened.judgement;
    return {
      decision,
      codes: [...codes],
      details,
      versions,
      ...(transformedDigest === undefined ? {} : { transformedDigest }),
      ...(outcomes === undefined ? {} : { guardrails: outcomes }),
    };
  }

  #refuseTooMany({ kind, id }: CommandContext['actor']): void {
    const waitMs = this.#tries.take(`${kind}:${id}`);
    if (waitMs === 0) return;
    const { limit, periodMs } = TRIES;
    const message = `at most ${limit} tries in ${periodMs / 1_000} s; the next one in ${waitMs} ms`;
    throw new CommandRefused('INTAKE_LIMITED', message);
  }

  #submission(org: string, parts: readonly Part[]): Uint8Array {
    const data = { target: org, taskType: 'test', parts };
    return Buffer.from(JSON.stringify({ ...this.#head(org), type: 'dev.countersign.task.v1', data }));
  }

  #result(org: string, parts: readonly Part[]): Uint8Array {
    const data = { status: 'completed', attempt: 1, grant: org, parts, usage: [], tools: [] };
    return Buffer.from(JSON.stringify({ ...this.#head(org), type: 'dev.countersign.result.v1', data }));
  }

  #head(org: string): object {
    const now = this.clock.now();
    return {
      specversion: '1.0',
      id: uuidV7(now, this.random),
      source: `agent:${org}/${org}`,
      time: formatInstant(now),
      datacontenttype: 'application/json',
    };
  }
}
