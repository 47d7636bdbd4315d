import { z } from 'zod';
import { reasonCodeSchema } from '../codes.js';
import { codesSchema, dataClassSchema, entrySchema } from '../envelope.js';
import { grantTermsSchema } from '../verdict-items.js';
import { instantSchema, microsSchema, uuidSchema } from '../identities.js';
import { jsonValueSchema } from '../json-value.js';
import { listSchema, organizationPolicySchema, policySchema } from '../policy-document.js';
import { policyRecordSchema, policyScopeSchema } from '../read-models.js';
import { ANYBODY, command, dryRun, explain, ofConnection } from './command.js';

/** Fields of a document as somebody wrote them: not checked before the service names everything that is wrong with them. */
const fieldsSchema = z.record(z.string().max(100), jsonValueSchema);

/** Something about a field of a policy, with what would be right. */
export const policyFindingSchema = z.object({ field: z.string(), message: z.string() });

/** What a task of a trial asks for; everything but its type may be left out. */
const trialTaskSchema = z.strictObject({
  taskType: entrySchema,
  models: z.array(entrySchema).max(200).optional(),
  tools: z.array(entrySchema).max(200).optional(),
  dataStores: z.array(entrySchema).max(200).optional(),
  dataClass: dataClassSchema.optional(),
});

const decisionSchema = z.enum(['ALLOW', 'DENY', 'REQUIRE_APPROVAL']);

/** What whoever wrote a trial expects: the decision, and as much of the rest as is named. */
const expectationSchema = z.strictObject({
  decision: decisionSchema,
  codes: z.array(reasonCodeSchema).max(64).optional(),
  grant: grantTermsSchema.partial().strict().optional(),
});

const clauseSchema = z.object({
  n: z.number().int(),
  clause: z.string(),
  result: z.enum(['ALLOW', 'DENY', 'ASK', 'NOT_APPLICABLE']),
  by: z.array(z.string()),
  codes: z.array(reasonCodeSchema).optional(),
  detail: z.record(z.string(), jsonValueSchema).optional(),
});

/** Commands of policy. */
export const policy = {
  set: command(
    'policy',
    'set',
    z.strictObject({
      scope: policyScopeSchema,
      /** The whole document … */
      document: z.union([organizationPolicySchema, policySchema]).optional(),
      /** … or single fields of it; what is absent stays as it is, in a new document neutral. */
      change: organizationPolicySchema.partial().optional(),
    }),
    z.object({ policyVersion: z.number().int() }),
    ['OWNER'],
  ),
  show: command(
    'policy',
    'show',
    z.strictObject({
      scope: policyScopeSchema,
      /** The version in force when absent. */ version: z.number().int().positive().optional(),
    }),
    z.object({ policy: policyRecordSchema.nullable() }),
    ANYBODY,
  ),
  /** What all levels of a connection come to now, and by which versions. */
  effectiveShow: command(
    'policy',
    'effective-show',
    ofConnection,
    z.object({
      effective: z.record(z.string(), jsonValueSchema),
      versions: z.record(z.string(), z.number().int()),
    }),
    ANYBODY,
  ),
  lint: command(
    'policy',
    'lint',
    z.strictObject({
      kind: z.enum(['org', 'agent', 'connection']),
      /** Fields of a document; what is absent counts as neutral. */
      document: fieldsSchema,
      /** The connection that the document is meant for: it is held against the other levels in force. */
      within: z.strictObject({ org: uuidSchema, connection: uuidSchema }).optional(),
    }),
    z.object({ errors: z.array(policyFindingSchema), warnings: z.array(policyFindingSchema) }),
  ),
  test: command(
    'policy',
    'test',
    z.strictObject({
      /** Fields of the documents of each level; what is absent of a document is neutral, a document that is absent does not exist. */
      documents: z.strictObject({
        clientOrg: fieldsSchema.optional(),
        targetOrg: fieldsSchema.optional(),
        client: fieldsSchema.optional(),
        connection: fieldsSchema.optional(),
        surface: fieldsSchema.optional(),
        share: z.strictObject({ taskTypes: listSchema }).optional(),
        mayOriginate: z.boolean().optional(),
      }),
      task: trialTaskSchema,
      /** The instant of the trial; the present one when absent. */
      now: instantSchema.optional(),
      estimateMicros: microsSchema.nullable().optional(),
      client: uuidSchema.optional(),
      target: uuidSchema.optional(),
      expect: expectationSchema.optional(),
    }),
    z.object({
      decision: decisionSchema,
      codes: codesSchema,
      clauses: z.array(clauseSchema),
      effective: z.record(z.string(), jsonValueSchema),
      grant: grantTermsSchema.nullable(),
      nextOpenAt: instantSchema.optional(),
      /** What is not as expected; empty when everything is, or nothing was. */
      differences: z.array(z.object({ field: z.string(), expected: jsonValueSchema, found: jsonValueSchema })),
    }),
  ),
  dryRun: dryRun('policy'),
  explain: explain('policy'),
} as const;
