import { listSchema, organizationPolicySchema, policySchema, surfaceSchema } from '@countersign/contracts';
import type { z } from 'zod';
import { documentsOf } from './levels.js';
import type { DocumentFault, Level, PoliciesInForce } from './model.js';
import { isUsableZone } from './time-windows.js';
import { unsupportedPolicyFields } from './unsupported.js';

type Fault = Omit<DocumentFault, 'level'>;

/** What was found in a document; documents are immutable, so each is looked at once. */
const known = new WeakMap<object, Fault | 'none'>();

/**
 * What keeps the stored documents from being evaluated: a field that is absent or not what it may be, a rule without a condition, a zone that is not known
 * here, or a demand that no clause enforces. Nothing is decided by a document that says less than it should.
 */
export function faultOf(policies: PoliciesInForce): DocumentFault | undefined {
  for (const { level, document } of documentsOf(policies)) {
    const fault = once(document, () => faultOfPolicy(level, document));
    if (fault !== undefined) return { level, ...fault };
  }
  const surface = once(policies.targetSurface, () => faultIn(surfaceSchema, policies.targetSurface));
  if (surface !== undefined) return { level: 'surface', ...surface };
  const { shareTaskTypes: types } = policies;
  const share = types === null ? undefined : once(types, () => faultIn(listSchema, types));
  return share === undefined ? undefined : { level: 'share', ...share, field: 'taskTypes' };
}

function once(document: object, look: () => Fault | undefined): Fault | undefined {
  const seen = known.get(document) ?? look() ?? 'none';
  known.set(document, seen);
  return seen === 'none' ? undefined : seen;
}

function faultOfPolicy(level: Level, document: object): Fault | undefined {
  const schema = level === 'clientOrg' || level === 'targetOrg' ? organizationPolicySchema : policySchema;
  const parsed = schema.safeParse(document);
  if (!parsed.success) return faultFrom(parsed.error);
  const zone = parsed.data.windows?.find(({ tz }) => !isUsableZone(tz))?.tz;
  if (zone !== undefined) return { field: 'windows', problem: `time zone ${zone} is not known` };
  const [field] = unsupportedPolicyFields(parsed.data);
  return field === undefined ? undefined : { field, problem: 'asks for a rule that is not enforced' };
}

function faultIn(schema: z.ZodType, value: unknown): Fault | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? undefined : faultFrom(parsed.error);
}

function faultFrom({ issues: [issue] }: z.ZodError): Fault {
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  return {
    field: [...(issue?.path ?? []), ...keys].map(String).join('.').slice(0, 100),
    problem: (issue?.message ?? 'not valid').slice(0, 200),
  };
}
