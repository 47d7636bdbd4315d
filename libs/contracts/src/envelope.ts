import { z } from 'zod';
import { codeRefSchema, reasonCodeSchema } from './codes.js';
import { digestSchema, instantSchema, microsSchema, uuidSchema } from './identities.js';
import { jsonValueSchema } from './json-value.js';
import { MAX_CODES, MAX_JSON_DEPTH } from './limits.js';

/** An entry of a list of models, tools, stores or types: exact and case-sensitive; in a task no pattern. */
export const entrySchema = z.string().regex(/^[A-Za-z0-9._:/-]{1,128}$/, 'must be 1 to 128 of A-Z a-z 0-9 . _ : / -');
const declaredList = z.array(entrySchema).max(200);
const tokens = z.number().int().min(0).max(100_000_000);

/** How sensitive a task's data is, least first. */
export const DATA_CLASSES = ['PUBLIC', 'INTERNAL', 'CONFIDENTIAL', 'RESTRICTED'] as const;
/** Schema of a data class. */
export const dataClassSchema = z.enum(DATA_CLASSES);

const partHead = {
  channel: z.enum(['instruction', 'data', 'agent_output']).optional(),
  origin: z.string().max(400).optional(),
};
const named = { mediaType: z.string().max(200).optional(), filename: z.string().max(300).optional() };

/** One part of a body: exactly one of text, data (JSON), raw (base64) or url (a reference that is never fetched). An absent channel means data. */
export const partSchema = z.union(
  [
    z.strictObject({ ...partHead, ...named, text: z.string() }),
    z.strictObject({ ...partHead, ...named, data: jsonValueSchema }),
    z.strictObject({
      ...partHead,
      raw: z.base64(),
      mediaType: z.string().min(1).max(200),
      filename: z.string().max(300).optional(),
    }),
    z.strictObject({ ...partHead, ...named, url: z.url().max(4000) }),
  ],
  `must hold exactly one of text, data (JSON, at most ${MAX_JSON_DEPTH} levels deep), raw (base64, with mediaType) or url, and beside it only channel (instruction, data or agent_output), origin, mediaType, filename`,
);
/** One part of a body. */
export type Part = z.infer<typeof partSchema>;

const parts = z.array(partSchema).min(1).max(256);
const head = {
  specversion: z.literal('1.0'),
  id: uuidSchema,
  source: z.string().max(200),
  time: instantSchema,
  datacontenttype: z.literal('application/json'),
};

/** The `data` of a submission. */
export const taskDataSchema = z.strictObject({
  target: uuidSchema,
  taskType: entrySchema,
  parts,
  models: declaredList.optional(),
  tools: declaredList.optional(),
  dataStores: declaredList.optional(),
  dataClass: dataClassSchema.optional(),
  maxInputTokens: tokens.optional(),
  maxOutputTokens: tokens.optional(),
  maxCostMicros: microsSchema.optional(),
  treeMaxMicros: microsSchema.optional(),
  deadline: instantSchema.optional(),
  idempotent: z.boolean().optional(),
  parent: z.strictObject({ task: uuidSchema, grant: z.string().max(16_384) }).optional(),
  userToken: z.string().max(16_384).optional(),
  assertedUser: z.string().max(200).optional(),
  instance: z
    .string()
    .regex(/^[a-z0-9]{1,26}$/, 'must be 1 to 26 of a-z and 0-9')
    .optional(),
});
/** The `data` of a submission. */
export type TaskData = z.infer<typeof taskDataSchema>;

/** A submission: CloudEvents 1.0, structured mode. Unknown keys are refused by name. */
export const taskEnvelopeSchema = z.strictObject({
  ...head,
  type: z.literal('dev.countersign.task.v1'),
  data: taskDataSchema,
});
/** A submission. */
export type TaskEnvelope = z.infer<typeof taskEnvelopeSchema>;

/** What a target says it used of one model. */
export const usageSchema = z.strictObject({
  model: entrySchema,
  inputTokens: tokens,
  outputTokens: tokens,
  cachedInputTokens: tokens.optional(),
  costMicros: microsSchema.optional(),
});
/** What a target says it used of one model. */
export type Usage = z.infer<typeof usageSchema>;

/** The `data` of a result. */
export const resultDataSchema = z.strictObject({
  status: z.enum(['completed', 'failed']),
  attempt: z.number().int().min(1).max(100),
  grant: uuidSchema,
  parts: z.array(partSchema).max(256),
  usage: z.array(usageSchema).max(100),
  tools: z.array(entrySchema).max(200),
  error: z.string().max(2000).optional(),
});
/** The `data` of a result. */
export type ResultData = z.infer<typeof resultDataSchema>;

/** A result of the target: CloudEvents 1.0, structured mode; `id` is the task's. */
export const resultEnvelopeSchema = z.strictObject({
  ...head,
  type: z.literal('dev.countersign.result.v1'),
  data: resultDataSchema,
});
/** A result of the target. */
export type ResultEnvelope = z.infer<typeof resultEnvelopeSchema>;

/** Every state of a task. The last six are terminal. */
export const TASK_STATES = [
  'EVALUATING',
  'AWAITING_APPROVAL',
  'RELEASING',
  'DISPATCHED',
  'CANCELLING',
  'SCREENING',
  'AWAITING_OUTPUT_APPROVAL',
  'DENIED',
  'CANCELLED',
  'EXPIRED',
  'FAILED',
  'QUARANTINED',
  'COMPLETED',
] as const;
/** A state of a task. */
export type TaskState = (typeof TASK_STATES)[number];
/** States that never change. */
export const TERMINAL_STATES = ['DENIED', 'CANCELLED', 'EXPIRED', 'FAILED', 'QUARANTINED', 'COMPLETED'] as const;
/** A state that never changes. */
export type TerminalState = (typeof TERMINAL_STATES)[number];
/** Tells whether a task in this state has ended. */
export function isTerminal(state: TaskState): state is TerminalState {
  return (TERMINAL_STATES as readonly string[]).includes(state);
}

/** Where an entry stands in the organisation's chain: 0-based leaf index and leaf hash. */
export const recordRefSchema = z.object({ position: z.number().int().nonnegative(), leaf: digestSchema });
/** Where an entry stands in the organisation's chain. */
export type RecordRef = z.infer<typeof recordRefSchema>;

/** The `data` of an answer. */
export const answerDataSchema = z.object({
  task: uuidSchema,
  digest: digestSchema.optional(),
  attempt: z.number().int().min(1).optional(),
  round: z.number().int().min(1).optional(),
  state: z.enum([...TASK_STATES, 'NOT_FOUND']),
  code: reasonCodeSchema.optional(),
  message: z.string().optional(),
  retryAfterMs: z.number().int().nonnegative().optional(),
  nextOpenAt: instantSchema.optional(),
  parts: z.array(partSchema).optional(),
  chargedMicros: microsSchema.optional(),
  traceId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  record: recordRefSchema.optional(),
});
/** The `data` of an answer. */
export type AnswerData = z.infer<typeof answerDataSchema>;

/** What the caller gets, and the reply of `status`: CloudEvents 1.0, structured mode, signed by the dispatcher. */
export const answerEnvelopeSchema = z.object({
  ...head,
  type: z.literal('dev.countersign.answer.v1'),
  data: answerDataSchema,
});
/** What the caller gets. */
export type AnswerEnvelope = z.infer<typeof answerEnvelopeSchema>;

/** Schema of the list of reasons that a decision carries. */
export const codesSchema = z.array(codeRefSchema).max(MAX_CODES);
