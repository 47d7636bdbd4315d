import {
  NEUTRAL_SURFACE,
  surfaceSchema,
  type COMMANDS,
  type OrganizationPolicy,
  type ParsedRequestOf,
  type Policy,
  type Surface,
} from '@countersign/contracts';
import { neutralDocument, readDocument, type DocumentKind, type Finding } from './document-text.js';
import { evaluatePolicy } from './evaluate-policy.js';
import type { LevelDocument } from './levels.js';
import type { PoliciesInForce, PolicyDecision } from './model.js';

/** Documents, a task and what is expected of it, as somebody wrote them down. */
export type Trial = ParsedRequestOf<(typeof COMMANDS)['policy']['test']>;

/** What a trial came to, or what is wrong with its documents. */
export type TrialResult =
  | { readonly ok: true; readonly decision: PolicyDecision; readonly differences: readonly Difference[] }
  | { readonly ok: false; readonly errors: readonly Finding[] };

/** Something that was expected otherwise. */
export interface Difference {
  readonly field: string;
  readonly expected: Json;
  readonly found: Json;
}

type DocumentLevel = LevelDocument['level'];
type Json = string | number | null | readonly string[];

const NOBODY = '00000000-0000-7000-8000-000000000000';

/** Decides a task by documents that nobody has set. Rates count as having room; `now` in ms where the trial names no instant. */
export function tryPolicy(trial: Trial, now: number): TrialResult {
  const read = policiesOf(trial.documents);
  if (!read.ok) return read;
  const client = { org: NOBODY, agent: trial.client ?? NOBODY };
  const target = { org: NOBODY, agent: trial.target ?? NOBODY };
  const task = { ...trial.task, target: target.agent, parts: [{ text: '' }] };
  const facts = {
    now: trial.now === undefined ? now : Date.parse(trial.now),
    estimateMicros: typeof trial.estimateMicros === 'string' ? BigInt(trial.estimateMicros) : undefined,
    client,
    target,
    connection: NOBODY,
    mayOriginate: trial.documents.mayOriginate ?? true,
  };
  const evaluation = evaluatePolicy(read.policies, task, facts);
  const decision = evaluation.kind === 'decided' ? evaluation.decision : evaluation.decide({ kind: 'admitted' });
  return { ok: true, decision, differences: differencesOf(trial.expect, decision) };
}

type Read =
  | { readonly ok: true; readonly policies: PoliciesInForce }
  | { readonly ok: false; readonly errors: readonly Finding[] };

function policiesOf(documents: Trial['documents']): Read {
  const errors: Finding[] = [];
  const read = (level: DocumentLevel, kind: DocumentKind): Policy | OrganizationPolicy | undefined => {
    const fields = documents[level];
    if (fields === undefined) return undefined;
    const found = readDocument(kind, { ...neutralDocument(kind), ...fields });
    if (found.ok) return found.document;
    errors.push(...found.errors.map(({ field, message }) => ({ field: `${level}.${field}`, message })));
    return undefined;
  };
  const policies: PoliciesInForce = {
    clientOrg: organization(read('clientOrg', 'org')),
    targetOrg: organization(read('targetOrg', 'org')),
    client: read('client', 'agent'),
    connection: read('connection', 'connection'),
    targetSurface: surfaceOf(documents.surface, errors),
    shareTaskTypes: documents.share?.taskTypes ?? null,
    foreignTarget: documents.targetOrg !== undefined || documents.share !== undefined,
  };
  return errors.length > 0 ? { ok: false, errors } : { ok: true, policies };
}

const organization = (document: Policy | OrganizationPolicy | undefined): OrganizationPolicy | undefined =>
  document !== undefined && 'denyRules' in document ? document : undefined;

function surfaceOf(fields: Trial['documents']['surface'], errors: Finding[]): Surface {
  const parsed = surfaceSchema.safeParse({ ...NEUTRAL_SURFACE, ...fields });
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
    errors.push({ field: ['surface', ...issue.path, ...keys].map(String).join('.'), message: issue.message });
  }
  return NEUTRAL_SURFACE;
}

function differencesOf(expected: Trial['expect'], { decision, codes, grant }: PolicyDecision): readonly Difference[] {
  if (expected === undefined) return [];
  const pairs: readonly (readonly [string, Json, Json])[] = [
    ['decision', expected.decision, decision],
    ...(expected.codes === undefined
      ? []
      : [['codes', expected.codes, [...new Set<string>(codes.map(({ code }) => code))]] as const]),
    ...Object.entries(expected.grant ?? {}).map(
      ([field, value]) => [`grant.${field}`, value ?? null, grantedOf(grant, field)] as const,
    ),
  ];
  return pairs
    .filter(([, a, b]) => JSON.stringify(a) !== JSON.stringify(b))
    .map(([field, a, b]) => ({ field, expected: a, found: b }));
}

function grantedOf(grant: PolicyDecision['grant'], field: string): Json {
  return new Map<string, Json>(Object.entries(grant ?? {})).get(field) ?? null;
}
