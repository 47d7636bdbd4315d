import { z } from 'zod';
import { derivedIdSchema, digestSchema, instantSchema, uuidSchema } from '../identities.js';
import { jsonValueSchema } from '../json-value.js';
import { gateSchema, TRUST_LEVELS } from '../policy-document.js';
import { ANYBODY, command, dryRun, explain, ofAgent } from './command.js';

const hundredths = z.number().int().min(0).max(10_000);
const level = z.enum(TRUST_LEVELS);
const reason = z.string().min(3).max(400);

/** Names of the facts of posture. */
export const POSTURE_FACT_NAMES = ['SOFTWARE_DIGEST', 'SCAN', 'ENVIRONMENT', 'DATA_DECLARATION'] as const;
/** The name of a fact of posture. */
export type PostureFactName = (typeof POSTURE_FACT_NAMES)[number];

/** What may be stated of an agent's software, tests, environment and handling of data; each with its form. A fact gives points while its evidence is young enough. */
export const POSTURE_FACTS = {
  /** The digest of the software that runs, and whether it stands on the allow-list of whoever checked. */
  SOFTWARE_DIGEST: z.strictObject({ digest: digestSchema, allowListed: z.boolean() }),
  /** Open findings of the last scan. */
  SCAN: z.strictObject({
    openCritical: z.number().int().min(0).max(1_000_000),
    openHigh: z.number().int().min(0).max(1_000_000),
  }),
  /** The environment that it runs in. */
  ENVIRONMENT: z.strictObject({ name: z.string().min(1).max(100), approved: z.boolean() }),
  /** A declaration of how data is handled: where it stands. */
  DATA_DECLARATION: z.strictObject({ reference: z.string().min(1).max(400) }),
} as const satisfies Record<PostureFactName, z.ZodType>;

/** A fact of posture as it was stated: `observedAt` is when it was seen, `source` by whom or by what, and after `expiresAt` it gives nothing. */
export const postureSchema = z.object({
  fact: z.enum(POSTURE_FACT_NAMES),
  value: z.record(z.string(), jsonValueSchema),
  source: z.string(),
  observedAt: instantSchema,
  expiresAt: instantSchema.nullable(),
  by: z.string(),
});
/** A fact of posture as it was stated. */
export type PostureStatement = z.infer<typeof postureSchema>;

/** One fact behind the points of a family, in hundredths. */
export const trustFactSchema = z.object({ fact: z.string(), value: z.string(), points: hundredths, max: hundredths });
/** One fact behind the points of a family. */
export type TrustFact = z.infer<typeof trustFactSchema>;
const family = z.object({ points: hundredths, max: hundredths, facts: z.array(trustFactSchema) });

/** A kind of violation that weighs: how often, how much now, what bounds it a day, and the events that say so. */
export const negativeSummarySchema = z.object({
  kind: z.string(),
  count: z.number().int(),
  mass: z.number(),
  dayCap: z.string().nullable(),
  /** The newest of them, as `observation-void` names them. */
  observations: z.array(derivedIdSchema),
  /** Events in the record that they came from. */
  auditIds: z.array(derivedIdSchema),
});
/** A kind of violation that weighs. */
export type NegativeSummary = z.infer<typeof negativeSummarySchema>;

/** A ceiling that holds now; `until` is when it ends by itself, where that is known. */
export const trustCapSchema = z.object({
  cap: z.string(),
  limit: hundredths,
  binding: z.boolean(),
  why: z.string(),
  until: instantSchema.optional(),
});
/** A gate with what it asks and what there is; of another organisation's only whether it passes. */
export const trustGateSchema = z.object({
  gate: z.string(),
  required: gateSchema.optional(),
  actual: z.object({ score: hundredths, level }).optional(),
  pass: z.boolean(),
});

/** Everything that a score is made of; points in hundredths. */
export const trustBreakdownSchema = z.object({
  agent: uuidSchema,
  name: z.string(),
  viewer: uuidSchema,
  algorithm: z.string(),
  at: instantSchema,
  score: hundredths,
  /** The stable level, which gates compare; never above the level of the score. */
  level,
  levelOfScore: level,
  levelSince: instantSchema,
  raw: hundredths,
  families: z.object({
    identity: family,
    behaviour: family.extend({
      expectation: z.number(),
      positiveMass: z.number(),
      negativeMass: z.number(),
      inheritedMass: z.number(),
      activeDays: z.number().int(),
      top: z.array(negativeSummarySchema),
    }),
    compliance: family,
    security: family,
    reputation: family,
  }),
  caps: z.array(trustCapSchema),
  binding: z.array(z.string()),
  whatWouldHelp: z.array(z.string()),
  gates: z.array(trustGateSchema),
});
/** Everything that a score is made of. */
export type TrustBreakdown = z.infer<typeof trustBreakdownSchema>;

/** A score as it was at an instant, and what made it worth keeping. */
export const trustSnapshotSchema = z.object({
  at: instantSchema,
  score: hundredths,
  raw: hundredths,
  level,
  families: z.record(z.string(), hundredths),
  binding: z.array(z.string()),
  trigger: z.string(),
});
/** A score as it was at an instant. */
export type TrustSnapshot = z.infer<typeof trustSnapshotSchema>;

/** Commands of trust. */
export const trust = {
  show: command(
    'trust',
    'show',
    ofAgent,
    z.object({ breakdown: trustBreakdownSchema, history: z.array(trustSnapshotSchema) }),
    ANYBODY,
  ),
  posturePut: command(
    'trust',
    'posture-put',
    ofAgent.extend({
      fact: z.enum(POSTURE_FACT_NAMES),
      /** In the form of the fact ({@link POSTURE_FACTS}). */
      value: z.record(z.string(), jsonValueSchema),
      source: z.string().min(1).max(200),
      /** Not in the future; now when absent. */
      observedAt: instantSchema.optional(),
      expiresAt: instantSchema.optional(),
    }),
    z.object({ posture: postureSchema }),
    ['OPERATOR', 'OWNER'],
  ),
  postureShow: command('trust', 'posture-show', ofAgent, z.object({ posture: z.array(postureSchema) }), ANYBODY),
  /** A ceiling only lowers; `score` null lifts it before its time. */
  ceiling: command(
    'trust',
    'ceiling',
    ofAgent.extend({ score: hundredths.nullable(), reason, expiresAt: instantSchema.optional() }),
    z.object({ score: hundredths.nullable(), expiresAt: instantSchema.nullable() }),
    ['OWNER'],
  ),
  /** Holds an agent at 49.99 at most until an instant; null ends it. */
  probationSet: command(
    'trust',
    'probation-set',
    ofAgent.extend({ until: instantSchema.nullable(), reason }),
    z.object({ until: instantSchema.nullable() }),
  ),
  /** Takes an observation out of the score; the row stays. `org` is the organisation of the agent that it is about. */
  observationVoid: command(
    'trust',
    'observation-void',
    z.strictObject({ org: uuidSchema, observation: derivedIdSchema, reason }),
    z.object({ agent: uuidSchema, kind: z.string() }),
  ),
  dryRun: dryRun('trust'),
  explain: explain('trust'),
} as const;
