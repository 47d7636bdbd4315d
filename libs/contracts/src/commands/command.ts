import { z } from 'zod';
import { reasonCodeSchema } from '../codes.js';
import { jsonValueSchema } from '../json-value.js';
import { verdictItemSchema } from '../verdict-items.js';
import { nonceSchema, taskKeySchema, uuidSchema, type Control } from '../identities.js';
import { ROLES, type Role } from '../roles.js';

/** Who commands: the local operator, a service in its own name, later a person at the gateway. */
export const actorSchema = z.strictObject({
  kind: z.enum(['operator', 'service', 'user']),
  id: z.string().min(1).max(100),
});
/** Who commands. */
export type Actor = z.infer<typeof actorSchema>;

/** A refusal of a command: a code of the catalogue, a sentence that names the value and what would be right, and the field. */
export const problemSchema = z.object({ code: reasonCodeSchema, message: z.string(), field: z.string().optional() });
/** A refusal of a command. */
export type Problem = z.infer<typeof problemSchema>;

/** One command of one service: schemas of what is asked and of what is answered. */
export interface CommandSpec<Q extends z.ZodType = z.ZodType, A extends z.ZodType = z.ZodType> {
  readonly service: CommandService;
  readonly verb: string;
  /** Whether its answer is remembered under its idempotency key: not of a command that only reads, nor of one whose answer carries a secret. */
  readonly remembered: boolean;
  /** Roles of people who may send it with their own key, in their own organisation; absent: only the installation's operator and named services. */
  readonly people?: readonly Role[];
  /** Whether its handler, and not the command server, holds a person to their own organisation: what it names may be of another one that is asked for approval. */
  readonly acrossOrgs?: boolean;
  readonly request: Q;
  readonly answer: A;
}

/** Everybody with a role. */
export const ANYBODY: readonly Role[] = ROLES;

/** Services that take commands. */
export type CommandService = 'registry' | 'policy' | 'guardrails' | 'trust' | 'budget' | 'dispatcher' | 'audit';

const NOT_REMEMBERED =
  /^(?:agent-create|credential-issue|.*-list|.*-show|list|show|explain|tasks|approvals|export|verify|open|check|dry-run|lint|test)$/;

/** One command: a service, its verb, what is asked and what is answered. */
export const command = <Q extends z.ZodType, A extends z.ZodType>(
  service: CommandService,
  verb: string,
  request: Q,
  answer: A,
  people?: readonly Role[],
): CommandSpec<Q, A> => ({
  service,
  verb,
  request,
  answer,
  remembered: !NOT_REMEMBERED.test(verb),
  ...(people === undefined ? {} : { people }),
});

/** The outer form of every command; signed by the sender over the subject and these bytes. The same idempotency key again answers the same. */
export const commandEnvelopeSchema = z.strictObject({
  nonce: nonceSchema,
  actor: actorSchema,
  idempotencyKey: uuidSchema,
  body: z.unknown(),
});
/** The outer form of every command. */
export type CommandEnvelope = z.infer<typeof commandEnvelopeSchema>;

/** The outer form of every answer. */
export const commandReplySchema = z.union([
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), problem: problemSchema }),
]);
/** The outer form of every answer. */
export type CommandReply = z.infer<typeof commandReplySchema>;

/** A command whose handler holds people to their own organisation. */
export const acrossOrgs = <C extends CommandSpec>(spec: C): C => ({ ...spec, acrossOrgs: true });

/** A command about an organisation. */
export const ofOrg = z.strictObject({ org: uuidSchema });
/** A command about an agent. */
export const ofAgent = z.strictObject({ org: uuidSchema, agent: uuidSchema });
/** A command about a connection. */
export const ofConnection = z.strictObject({ org: uuidSchema, connection: uuidSchema });
/** `explain`: what a service knows of one task. */
export const explain = <S extends CommandService>(service: S) =>
  command(
    service,
    'explain',
    z.strictObject({ task: taskKeySchema }),
    z.object({ found: z.boolean(), part: z.record(z.string(), jsonValueSchema) }),
    ANYBODY,
  );

/** What a control would say of a submission of these bytes (base64) now, without any effect: no token, no hold, no entry, no observation. Asked by the dispatcher for `check`. */
export const dryRun = <S extends Control>(service: S) =>
  command(
    service,
    'dry-run',
    z.strictObject({ task: taskKeySchema, envelope: z.base64().max(360_000) }),
    verdictItemSchema.pick({
      decision: true,
      codes: true,
      details: true,
      versions: true,
      connection: true,
      epochs: true,
      grant: true,
      transformedDigest: true,
      estimateMicros: true,
      priceBookVersion: true,
      score: true,
      guardrails: true,
      approval: true,
      retryAfterMs: true,
      nextOpenAt: true,
    }),
  );
/** What a control answers to a dry run. */
export type DryRunAnswer = z.output<ReturnType<typeof dryRun>['answer']>;
