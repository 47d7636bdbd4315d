import { z } from 'zod';
import { instantSchema } from './identities.js';

/** How an attempt after RETRY differs from the one before. */
export const RETRY_STRATEGIES = ['format_hint', 'lower_temperature', 'shorter_output'] as const;
/** How an attempt after RETRY differs from the one before. */
export type RetryStrategy = (typeof RETRY_STRATEGIES)[number];

/** What a guardrail does when it triggers, strongest first; REDACT and REPLACE are equal. */
export const GUARDRAIL_ACTIONS = ['BLOCK', 'ESCALATE', 'RETRY', 'REDACT', 'REPLACE', 'WARN'] as const;
/** What a guardrail does when it triggers. */
export type GuardrailAction = (typeof GUARDRAIL_ACTIONS)[number];

/** How REDACT writes what it hides: format-keeping, as a label, or as a token that is the same for the same value inside a task. */
export const REDACTION_MODES = ['MASK', 'LABEL', 'TOKEN'] as const;
/** How REDACT writes what it hides. */
export type RedactionMode = (typeof REDACTION_MODES)[number];

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9 and -');
const host = z
  .string()
  .regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be a host such as example.com or *.example.com');

/** An organisation's own pattern: RE2 syntax, run in re2js only. */
export const guardrailPatternSchema = z.strictObject({
  id: name,
  pattern: z.string().min(1).max(1_000),
  /** What it finds, as spans and labels name it. */
  kind: z.string().regex(/^[A-Z][A-Z0-9_]{0,39}$/, 'must be 1 to 40 of A-Z, 0-9 and _'),
});
/** An organisation's own pattern. */
export type GuardrailPattern = z.infer<typeof guardrailPatternSchema>;

/** Why a quality guardrail may be passed over when it cannot run; after `reviewBy` it blocks again. */
export const openReviewSchema = z.strictObject({
  justification: z.string().min(20).max(1_000),
  approvedBy: z.string().min(1).max(200),
  reviewBy: instantSchema,
});

/** One guardrail of an organisation's set. Technique: rule packs by name, own patterns, phrases; at least one of them. */
export const guardrailSchema = z
  .strictObject({
    id: name,
    name: z.string().max(100),
    version: z.number().int().positive(),
    stage: z.enum(['INPUT', 'OUTPUT', 'BOTH']),
    category: z.enum(['SECURITY', 'QUALITY']),
    /** Rule packs by name, such as `prompt-injection`. */
    packs: z.array(z.string().max(64)).max(20),
    patterns: z.array(guardrailPatternSchema).max(50).default([]),
    /** Phrases of brand or compliance, found whatever their case and spacing. */
    phrases: z.array(z.string().min(2).max(200)).max(200).default([]),
    /** Hosts that links of an output may name with data in them. */
    allowedHosts: z.array(host).max(200).default([]),
    action: z.enum(GUARDRAIL_ACTIONS),
    redaction: z.enum(REDACTION_MODES).default('MASK'),
    /** What REPLACE writes over a whole field. */
    placeholder: z.string().min(1).max(200).default('[content removed by policy]'),
    retry: z
      .strictObject({
        strategy: z.enum(RETRY_STRATEGIES),
        max: z.number().int().min(1).max(3).default(1),
        onExhausted: z.enum(['BLOCK', 'ESCALATE']).default('BLOCK'),
      })
      .optional(),
    failureMode: z.enum(['CLOSED', 'OPEN']).default('CLOSED'),
    openReview: openReviewSchema.optional(),
    timeoutMs: z.number().int().min(1).max(2_000),
    shadow: z.boolean().default(false),
    order: z.number().int().min(0).max(10_000).default(0),
    enabled: z.boolean(),
  })
  .refine((g) => g.packs.length + g.patterns.length + g.phrases.length > 0, {
    message: 'must name at least one pack, pattern or phrase',
    path: ['packs'],
  });
/** One guardrail of an organisation's set. */
export type Guardrail = z.infer<typeof guardrailSchema>;
