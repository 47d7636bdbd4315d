import { z } from 'zod';
import { codesSchema, TASK_STATES, TERMINAL_STATES, usageSchema } from './envelope.js';
import { reasonCodeSchema } from './codes.js';
import {
  agentRefSchema,
  CONTROLS,
  digestSchema,
  instantSchema,
  microsSchema,
  uuidSchema,
  type Control,
} from './identities.js';
import { jsonValueSchema } from './json-value.js';
import { MAX_PACKED_LINES } from './packed-lines.js';
import { RETRY_STRATEGIES } from './guardrail.js';
import { sequence, text, list, head } from './item-head.js';
import {
  grantTermsSchema,
  trustScoreSchema,
  guardrailOutcomeSchema,
  versionsSchema,
  approvalFactsSchema,
} from './verdict-items.js';

/** Where a verdict stands: root of its frame, index and leaf of its line. */
export const verdictRefSchema = z.object({
  frame: digestSchema,
  index: z.number().int().nonnegative(),
  leaf: digestSchema,
});
const byControl = <T extends z.ZodType>(value: T) =>
  z.object(Object.fromEntries(CONTROLS.map((c) => [c, value.optional()])) as { [K in Control]: z.ZodOptional<T> });

/** What the record wants to know of a task and its verdicts, so that nobody has to join streams. */
export const factsSchema = z.object({
  taskType: text.optional(),
  target: agentRefSchema.optional(),
  connection: uuidSchema.optional(),
  client: trustScoreSchema.optional(),
  targetTrust: trustScoreSchema.optional(),
  clause: z.number().int().optional(),
  estimateMicros: microsSchema.optional(),
  priceBookVersion: z.number().int().optional(),
  versions: byControl(versionsSchema).optional(),
  guardrails: z.array(guardrailOutcomeSchema).optional(),
  grant: grantTermsSchema.optional(),
  deadline: instantSchema.optional(),
  usesModels: z.boolean().optional(),
  sandbox: z.boolean().optional(),
  approval: approvalFactsSchema.optional(),
  retryAfterMs: z.number().int().nonnegative().optional(),
  nextOpenAt: instantSchema.optional(),
  /** Of a denial for want of a verdict: whose, and why. */
  missing: z
    .object({ service: z.enum(CONTROLS), cause: z.enum(['missing', 'malformed', 'signature', 'digest', 'stale']) })
    .optional(),
});
/** What the record wants to know of a task and its verdicts. */
export type Facts = z.infer<typeof factsSchema>;

const transition = { ...head, digest: digestSchema, at: instantSchema };

/** The decision on one evaluation. */
export const decidedItemSchema = z.object({
  type: z.literal('decided'),
  ...transition,
  decision: z.enum(['release', 'deny', 'hold']),
  codes: codesSchema,
  primary: reasonCodeSchema.optional(),
  verdicts: byControl(verdictRefSchema),
  /** The lines of the verdicts that counted as they stood in their frames, packed (`packLines`): each hashes to the leaf in `verdicts`, so audit can seal them as they were signed. */
  packedLines: z.base64url().max(MAX_PACKED_LINES).optional(),
  facts: factsSchema,
  actionDigest: digestSchema.optional(),
  deliverDigest: digestSchema.optional(),
});
/** The decision on one evaluation. */
export type DecidedItem = z.infer<typeof decidedItemSchema>;

/** The claim: from here the task counts as handed over under this grant. */
export const claimedItemSchema = z.object({
  type: z.literal('claimed'),
  ...transition,
  grant: uuidSchema,
  to: agentRefSchema,
});
/** The claim. */
export type ClaimedItem = z.infer<typeof claimedItemSchema>;

/** A result was taken from stream RES. `digest` is the result's. */
export const resultedItemSchema = z.object({
  type: z.literal('resulted'),
  ...transition,
  seq: sequence,
  usage: z.array(usageSchema),
});
/** A result was taken from stream RES. */
export type ResultedItem = z.infer<typeof resultedItemSchema>;

/** The end of a task: budget settles or releases on it, trust observes it. `claimed` tells whether the last attempt was handed over. */
export const finishedItemSchema = z.object({
  type: z.literal('finished'),
  ...transition,
  state: z.enum(TERMINAL_STATES),
  code: reasonCodeSchema.optional(),
  codes: codesSchema,
  claimed: z.boolean(),
  chargedMicros: microsSchema.optional(),
  outputDigest: digestSchema.optional(),
  /** What output screening came to. */
  output: z
    .object({
      outcome: z.enum(['ALLOW', 'WARN', 'BLOCK', 'ESCALATE', 'RETRY']),
      codes: codesSchema,
      guardrails: z.array(guardrailOutcomeSchema).max(100),
      versions: versionsSchema,
      transformedDigest: digestSchema.optional(),
    })
    .optional(),
  facts: factsSchema,
});
/** The end of a task. */
export type FinishedItem = z.infer<typeof finishedItemSchema>;

/** Every other transition: approved, a new round, cancelling, a void claim … */
export const movedItemSchema = z.object({
  type: z.literal('moved'),
  ...transition,
  to: z.enum(TASK_STATES),
  cause: text,
  actor: text.optional(),
});
/** Every other transition. */
export type MovedItem = z.infer<typeof movedItemSchema>;

/** A person decided a request for approval; `number` counts the decisions of this round from 1, `org` is whose policy or guardrail asked. */
export const approvalItemSchema = z.object({
  type: z.literal('approval'),
  ...transition,
  number: z.number().int().min(1).max(100),
  stage: z.enum(['PRE_RELEASE', 'OUTPUT']),
  org: uuidSchema,
  decision: z.enum(['APPROVE', 'REJECT']),
  by: text,
  unsafe: z.boolean().optional(),
  actionDigest: digestSchema,
});
/** A person decided a request for approval. */
export type ApprovalItem = z.infer<typeof approvalItemSchema>;

/** A cost that was told after the attempt had ended: a late result or usage report. Budget corrects what it assumed; the state stays. */
export const correctedItemSchema = z.object({
  type: z.literal('corrected'),
  ...transition,
  usage: z.array(usageSchema).max(100),
  chargedMicros: microsSchema,
  outputDigest: digestSchema.optional(),
});
/** A cost that was told after the attempt had ended. */
export type CorrectedItem = z.infer<typeof correctedItemSchema>;

/** An item of a `dec` frame. */
export const transitionItemSchema = z.discriminatedUnion('type', [
  decidedItemSchema,
  claimedItemSchema,
  resultedItemSchema,
  finishedItemSchema,
  movedItemSchema,
  approvalItemSchema,
  correctedItemSchema,
]);
/** An item of a `dec` frame. */
export type TransitionItem = z.infer<typeof transitionItemSchema>;

/** Asks guardrails to screen a result. */
export const screenItemSchema = z.object({
  type: z.literal('screen'),
  ...head,
  seq: sequence,
  digest: digestSchema,
  connection: uuidSchema,
  target: agentRefSchema,
  grant: z.object({ jti: uuidSchema, models: list, tools: list }),
  /** Where the judged input stands in ING and its digest; absent when the log no longer holds it. */
  input: z.object({ seq: sequence, digest: digestSchema }).optional(),
  taskType: text.optional(),
  /** Whether the task may be tried again, and how often it was. */
  idempotent: z.boolean().optional(),
  retriesUsed: z.number().int().nonnegative().optional(),
  at: instantSchema,
});
/** Asks guardrails to screen a result. */
export type ScreenItem = z.infer<typeof screenItemSchema>;

/** What output screening found. */
export const screenedItemSchema = z.object({
  type: z.literal('screened'),
  ...head,
  digest: digestSchema,
  outcome: z.enum(['ALLOW', 'WARN', 'BLOCK', 'ESCALATE', 'RETRY']),
  codes: codesSchema,
  details: z.record(z.string().max(60), jsonValueSchema),
  versions: versionsSchema,
  guardrails: z.array(guardrailOutcomeSchema).max(100).optional(),
  transformedDigest: digestSchema.optional(),
  /** Of RETRY: how the next attempt differs. */
  retry: z.object({ strategy: z.enum(RETRY_STRATEGIES), max: z.number().int().min(1).max(3) }).optional(),
  at: instantSchema,
});
/** What output screening found. */
export type ScreenedItem = z.infer<typeof screenedItemSchema>;

/** A transition stands in the organisation's chain; `kind` is the type of the item recorded, of `moved` with `:` and its `to`. */
export const recordedItemSchema = z.object({
  type: z.literal('recorded'),
  ...head,
  kind: z.string().max(60),
  position: z.number().int().nonnegative(),
  leaf: digestSchema,
  at: instantSchema,
});
/** A transition stands in the organisation's chain. */
export type RecordedItem = z.infer<typeof recordedItemSchema>;

/** What tells items of one type and round apart: of `moved` the state it moved to, of `approval` its number. */
export function transitionQualifier(item: TransitionItem): string | undefined {
  if (item.type === 'moved') return item.to;
  return item.type === 'approval' ? String(item.number) : undefined;
}

/** Name of what was recorded: the item's type, with what tells it from others of its round where there can be more than one. */
export function kindOfTransition(item: TransitionItem): string {
  const qualifier = transitionQualifier(item);
  return qualifier === undefined ? item.type : `${item.type}:${qualifier}`;
}
