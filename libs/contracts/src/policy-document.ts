import { z } from 'zod';
import { dataClassSchema, entrySchema } from './envelope.js';
import { microsSchema, uuidSchema } from './identities.js';

/** An entry of a policy's list: exact, or with one trailing star. A lone star is refused. */
export const patternSchema = z
  .string()
  .regex(/^[A-Za-z0-9._:/-]{1,128}\*?$/, 'must be 1 to 128 of A-Z a-z 0-9 . _ : / - with one optional trailing *');
/** `null` any, `[]` none, else at most 200 patterns. */
export const listSchema = z.array(patternSchema).max(200).nullable();
/** A list of patterns, or null for any. */
export type List = readonly string[] | null;

/** Five levels of trust, lowest first. */
export const TRUST_LEVELS = ['UNTRUSTED', 'LIMITED', 'PROVISIONAL', 'VERIFIED', 'TRUSTED'] as const;
/** A level of trust. */
export type TrustLevel = (typeof TRUST_LEVELS)[number];

/** A gate asks for a level or for a score in hundredths (6500 = 65.00); null asks for nothing. */
export const gateSchema = z
  .union([
    z.strictObject({ level: z.enum(TRUST_LEVELS) }),
    z.strictObject({ scoreHundredths: z.number().int().min(0).max(10_000) }),
  ])
  .nullable();
/** What a gate asks for. */
export type Gate = z.infer<typeof gateSchema>;

const minute = /^([01]\d|2[0-3]):[0-5]\d$/;
/** A time window in wall-clock time of its zone: half-open, overnight when it ends before it starts, whole day 00:00 to 24:00. */
export const windowSchema = z
  .strictObject({
    days: z
      .array(z.enum(['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN']))
      .min(1)
      .max(7),
    start: z.string().regex(minute, 'must be HH:MM from 00:00 to 23:59'),
    end: z
      .string()
      .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be HH:MM from 00:01 to 24:00')
      .refine((end) => end !== '00:00', 'must be HH:MM from 00:01 to 24:00'),
    tz: z.string().min(1).max(64),
  })
  .refine((w) => w.start !== w.end, 'start and end must differ');
/** A time window. */
export type TimeWindow = z.infer<typeof windowSchema>;

const rateLimit = z.number().int().min(0).max(10_000).nullable();
const hops = z.number().int().min(0).max(10).nullable();
const money = microsSchema.nullable();

/** What a connection, an agent or an organisation allows. Every field is required; null means no demand. */
export const policySchema = z.strictObject({
  taskTypes: listSchema,
  windows: z.array(windowSchema).max(20).nullable(),
  rate: z.strictObject({ perMinute: rateLimit, perHour: rateLimit }).nullable(),
  models: listSchema,
  tools: listSchema,
  dataStores: listSchema,
  dataClasses: z.array(dataClassSchema).max(4).nullable(),
  maxCostMicros: money,
  monthlyCapMicros: money,
  approvalAboveMicros: money,
  approvalAbovePerDayMicros: money,
  approvalTaskTypes: z.array(z.union([z.literal('*'), patternSchema])).max(200),
  minTrustClient: gateSchema,
  minTrustTarget: gateSchema,
  maxHops: hops,
  guardrailProfile: z.string().max(64).nullable(),
  requireParent: z.boolean(),
});
/** What a connection, an agent or an organisation allows. */
export type Policy = z.infer<typeof policySchema>;

/** A policy that asks for nothing: neutral in every intersection. */
export const NEUTRAL_POLICY: Policy = Object.freeze({
  taskTypes: null,
  windows: null,
  rate: null,
  models: null,
  tools: null,
  dataStores: null,
  dataClasses: null,
  maxCostMicros: null,
  monthlyCapMicros: null,
  approvalAboveMicros: null,
  approvalAbovePerDayMicros: null,
  approvalTaskTypes: [],
  minTrustClient: null,
  minTrustTarget: null,
  maxHops: null,
  guardrailProfile: null,
  requireParent: false,
});

const denyConditions = {
  taskType: patternSchema.optional(),
  clientId: uuidSchema.optional(),
  targetId: uuidSchema.optional(),
  tool: patternSchema.optional(),
  model: patternSchema.optional(),
  dataClass: dataClassSchema.optional(),
};

/** An explicit denial; its conditions are joined by and, at least one is required. */
export const denyRuleSchema = z
  .strictObject({ id: z.string().min(1).max(64), ...denyConditions, reason: z.string().max(200).optional() })
  .refine(
    (rule) => Object.keys(denyConditions).some((name) => Object.hasOwn(rule, name)),
    `must name at least one of ${Object.keys(denyConditions).join(', ')}`,
  );

/** An organisation's policy: the common fields, and what only an organisation has. */
export const organizationPolicySchema = policySchema.extend({
  denyRules: z.array(denyRuleSchema).max(500),
  trustFloor: gateSchema,
  maxHops: z.number().int().min(0).max(10),
  maxVisits: z.number().int().min(1).max(3),
  maxChildren: z.number().int().min(1).max(1000),
  maxTreeTasks: z.number().int().min(1).max(10_000),
});
/** An organisation's policy. */
export type OrganizationPolicy = z.infer<typeof organizationPolicySchema>;

/** The monthly cap that a connection starts with where nobody names one: 200.00 of the organisation's currency. */
export const DEFAULT_CONNECTION_CAP_MICROS = '200000000';

/** What an organisation without a policy of its own has. */
export const DEFAULT_ORGANIZATION_POLICY: OrganizationPolicy = Object.freeze({
  ...NEUTRAL_POLICY,
  denyRules: [],
  trustFloor: { level: 'LIMITED' as const },
  maxHops: 4,
  maxVisits: 1,
  maxChildren: 20,
  maxTreeTasks: 200,
});

/** What an agent can do at most: its capability surface. Every field but `maxRunSeconds` is required. */
export const surfaceSchema = z.strictObject({
  taskTypes: listSchema,
  neverTaskTypes: z.array(patternSchema).max(200),
  models: listSchema,
  tools: listSchema,
  dataStores: listSchema,
  downstreamAgents: z
    .array(z.union([uuidSchema, entrySchema]))
    .max(200)
    .nullable(),
  dataClasses: z.array(dataClassSchema).max(4).nullable(),
  maxCostMicros: money,
  monthlyCapMicros: money,
  usesModels: z.boolean(),
  dataSensitivity: z.enum(['NORMAL', 'SENSITIVE']),
  irreversible: z.boolean(),
  maxRunSeconds: z.number().int().min(1).max(3600).optional(),
});
/** What an agent can do at most. */
export type Surface = z.infer<typeof surfaceSchema>;

/** A surface that declares nothing and uses no models. */
export const NEUTRAL_SURFACE: Surface = Object.freeze({
  taskTypes: null,
  neverTaskTypes: [],
  models: null,
  tools: null,
  dataStores: null,
  downstreamAgents: null,
  dataClasses: null,
  maxCostMicros: null,
  monthlyCapMicros: null,
  usesModels: false,
  dataSensitivity: 'NORMAL',
  irreversible: false,
});
