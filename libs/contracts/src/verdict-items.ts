import { z } from 'zod';
import { codesSchema, recordRefSchema, dataClassSchema } from './envelope.js';
import { reasonCodeSchema } from './codes.js';
import { digestSchema, instantSchema, microsSchema, uuidSchema } from './identities.js';
import { jsonValueSchema } from './json-value.js';
import { TRUST_LEVELS } from './policy-document.js';
import { sequence, list, head } from './item-head.js';

/** What a task may use: `null` any, `[]` none. `notAfter` is null where no rule ends it before the deadline. */
export const grantTermsSchema = z.object({
  models: list,
  tools: list,
  dataStores: list,
  dataClasses: z.array(dataClassSchema).nullable(),
  taskTypes: list,
  maxCostMicros: microsSchema.nullable(),
  notAfter: instantSchema.nullable(),
  hopsLeft: z.number().int().min(0).max(10),
});
/** What a task may use. */
export type GrantTerms = z.infer<typeof grantTermsSchema>;

/** Epochs that registry judged: the claim compares them with the blocks. */
export const epochsSchema = z.object({
  client: z.number().int(),
  target: z.number().int(),
  connection: z.number().int(),
  share: z.number().int().optional(),
});
const connectionRef = z.object({ id: uuidSchema, org: uuidSchema, agent: uuidSchema, share: uuidSchema.optional() });
const trustLevel = z.enum(TRUST_LEVELS);
const hundredths = z.number().int().min(0).max(10_000);
/** A score in hundredths with its level. */
export const trustScoreSchema = z.object({ score: hundredths, level: trustLevel });
/** Where a guardrail found something: part of the body, offsets in its original text (UTF-16), kind, and a keyed hash of what stood there; never the text. */
export const guardrailSpanSchema = z.object({
  part: z.number().int().nonnegative(),
  start: z.number().int().nonnegative(),
  end: z.number().int().nonnegative(),
  kind: z.string().max(60),
  hash: z.string().max(64),
});
/** Where a guardrail found something. */
export type GuardrailSpan = z.infer<typeof guardrailSpanSchema>;
/** Which guardrail ran with which outcome; no content. `by` tells what decided, `code` what it led to, `ms` how long it took. */
export const guardrailOutcomeSchema = z.object({
  id: z.string().max(64),
  version: z.number().int(),
  outcome: z.enum(['NOT_TRIGGERED', 'TRIGGERED', 'ERROR', 'TIMEOUT', 'SKIPPED']),
  action: z.string().max(20),
  by: z.enum(['RULE', 'CLASSIFIER', 'CLASSIFIER_BAND', 'JUDGE']).optional(),
  category: z.string().max(40).optional(),
  code: reasonCodeSchema.optional(),
  shadow: z.boolean().optional(),
  ms: z.number().int().nonnegative().optional(),
  spans: z.array(guardrailSpanSchema).max(20).optional(),
});
/** Which guardrail ran with which outcome. */
export type GuardrailOutcome = z.infer<typeof guardrailOutcomeSchema>;
/** Versions of whatever a control judged by. */
export const versionsSchema = z.record(z.string().max(80), z.union([z.string().max(100), z.number()]));

/** What an approval has to know of the policies judged by: the lowest threshold in force, and who wrote each version and when (four eyes). */
export const approvalFactsSchema = z.object({
  thresholdMicros: microsSchema.optional(),
  authors: z.array(z.object({ level: z.string().max(20), by: z.string().max(200), at: instantSchema })).max(8),
});
/** What an approval has to know of the policies judged by. */
export type ApprovalFacts = z.infer<typeof approvalFactsSchema>;

/** A control's judgement of one evaluation of a task. */
export const verdictItemSchema = z.object({
  type: z.literal('verdict'),
  ...head,
  seq: sequence,
  digest: digestSchema,
  decision: z.enum(['APPROVE', 'DENY', 'ESCALATE']),
  codes: codesSchema,
  details: z.record(z.string().max(60), jsonValueSchema),
  versions: versionsSchema,
  decidedAt: instantSchema,
  validUntil: instantSchema,
  connection: connectionRef.optional(),
  epochs: epochsSchema.optional(),
  grant: grantTermsSchema.optional(),
  transformedDigest: digestSchema.optional(),
  estimateMicros: microsSchema.optional(),
  priceBookVersion: z.number().int().optional(),
  score: z.object({ client: trustScoreSchema, target: trustScoreSchema }).optional(),
  guardrails: z.array(guardrailOutcomeSchema).max(100).optional(),
  record: recordRefSchema.optional(),
  /** Of policy: what approvals have to know. */
  approval: approvalFactsSchema.optional(),
  /** Of a denial that time mends: when to try again. */
  retryAfterMs: z.number().int().nonnegative().optional(),
  nextOpenAt: instantSchema.optional(),
});
/** A control's judgement of one evaluation of a task. */
export type VerdictItem = z.infer<typeof verdictItemSchema>;

/** A control takes its approval back. */
export const withdrawItemSchema = z.object({
  type: z.literal('withdraw'),
  ...head,
  codes: codesSchema,
  at: instantSchema,
});
/** A control takes its approval back. */
export type WithdrawItem = z.infer<typeof withdrawItemSchema>;

/** Any item of a verdict frame. */
export const verdictFrameItemSchema = z.discriminatedUnion('type', [verdictItemSchema, withdrawItemSchema]);
/** Any item of a verdict frame. */
export type VerdictFrameItem = z.infer<typeof verdictFrameItemSchema>;
