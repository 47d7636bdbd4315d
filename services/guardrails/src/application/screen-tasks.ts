import { Injectable } from '@nestjs/common';
import { Clock } from '@countersign/primitives';
import { taskCanary, taskDigest, type TaskData, type TaskKey } from '@countersign/contracts';
import { denial, type Judgement } from '@countersign/bus';
import type { TaskMessage } from '@countersign/bus';
import { ReadModels, TaskFacts } from '@countersign/service-host';
import type { Screening } from '../domain/screening/screening-job.js';
import { GuardrailsInForce } from './guardrails-in-force.js';
import { ScreenBodies, type BodyToScreen } from './screen-bodies.js';

/** A judgement with the body that it lets pass in place of the one that was sent. */
export interface ScreenedTask {
  readonly judgement: Judgement;
  readonly transformed?: Uint8Array;
}

/** What of a task is judged. */
export type TaskToScreen = Pick<TaskMessage, 'key' | 'body' | 'envelope'>;

/** Judges submissions; nothing is stored. */
@Injectable()
export class ScreenTasks {
  readonly #facts: TaskFacts;

  constructor(
    models: ReadModels,
    private readonly inForce: GuardrailsInForce,
    private readonly bodies: ScreenBodies,
    private readonly clock: Clock,
  ) {
    this.#facts = new TaskFacts(models);
  }

  /** Judgements in the order of the tasks. Rejects when a canary cannot be looked up. */
  async judge(tasks: readonly TaskToScreen[]): Promise<readonly ScreenedTask[]> {
    const now = this.clock.now();
    const open = tasks.map(({ key, body, envelope }) =>
      envelope.ok ? this.#toScreen(key, body, { data: envelope.value.data, now }) : undefined,
    );
    const screenings = [...(await this.bodies.screen(open.flatMap((job) => job?.body ?? [])))];
    return tasks.map(({ key, envelope }, i): ScreenedTask => {
      if (!envelope.ok) return { judgement: denial({ code: envelope.error.code, clause: 10, side: 'client' }) };
      const screening = screenings.shift();
      if (screening === undefined) return { judgement: denial({ code: 'GUARDRAIL_UNAVAILABLE' }) };
      return screenedTask(key, screening, open[i]?.versions ?? {});
    });
  }

  #toScreen(
    key: TaskKey,
    body: Uint8Array,
    { data, now }: { readonly data: TaskData; readonly now: number },
  ): { readonly body: BodyToScreen; readonly versions: Readonly<Record<string, number>> } {
    const target = this.#facts.parties(key, data.target)?.target.org ?? key.org;
    const { guardrails, versions } = this.inForce.between(key.org, target);
    const parent = data.parent === undefined ? undefined : grantId(data.parent.grant);
    return {
      versions,
      body: {
        facts: { stage: 'INPUT', now, idempotent: data.idempotent ?? false, retriesUsed: 0 },
        guardrails,
        body,
        key,
        scope: scopeOf(key),
        ...(parent === undefined ? {} : { taskCanary: taskCanary(parent) }),
      },
    };
  }
}

/** Tokens are the same inside a task, hashes of spans inside an organisation. */
export function scopeOf(key: TaskKey): BodyToScreen['scope'] {
  return { token: `${key.org} ${key.agent} ${key.task}`, span: key.org };
}

/** Id of a grant that a child task names. It is only looked for, never trusted: policy verifies grants. */
function grantId(grant: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(grant.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const jti = typeof claims === 'object' && claims !== null && 'jti' in claims ? claims.jti : undefined;
    return typeof jti === 'string' ? jti : undefined;
  } catch {
    return undefined;
  }
}

/** What besides codes is told of a screening: warnings and counts. */
export function detailsOf({ warnings, typeChanged }: Screening): Record<string, string[] | number> {
  return {
    ...(warnings.length === 0 ? {} : { warnings: [...new Set(warnings)] }),
    ...(typeChanged === 0 ? {} : { typeChanged }),
  };
}

function decisionOf(action: Screening['action']): Judgement['decision'] {
  switch (action) {
    case 'ALLOW':
    case 'WARN':
    case 'REDACT':
    case 'REPLACE':
      return 'APPROVE';
    case 'ESCALATE':
      return 'ESCALATE';
    // there is no other try of an input
    case 'RETRY':
    case 'BLOCK':
      return 'DENY';
  }
}

function screenedTask(key: TaskKey, screening: Screening, versions: Readonly<Record<string, number>>): ScreenedTask {
  const { action, codes, guardrails, transformed } = screening;
  const decision = decisionOf(action);
  const passes = decision !== 'DENY' && transformed !== undefined;
  return {
    judgement: {
      decision,
      codes: decision === 'DENY' && codes.length === 0 ? [{ code: 'GUARDRAIL_UNAVAILABLE' }] : codes,
      details: detailsOf(screening),
      versions: { ...versions, ...screening.versions },
      guardrails: [...guardrails],
      ...(passes ? { transformedDigest: taskDigest(key, transformed) } : {}),
    },
    ...(passes ? { transformed } : {}),
  };
}
