import {
  DEFAULT_CONNECTION_CAP_MICROS,
  DEFAULT_ORGANIZATION_POLICY,
  NEUTRAL_POLICY,
  organizationPolicySchema,
  policySchema,
  type OrganizationPolicy,
  type Policy,
} from '@countersign/contracts';
import type { z } from 'zod';
import { normalise } from './lists.js';
import { isKnownZone } from './time-windows.js';
import { unsupportedPolicyFields } from './unsupported.js';

/** Something about a field of a document, with what would be right. */
export interface Finding {
  readonly field: string;
  readonly message: string;
}

/** Whose document it is. */
export type DocumentKind = 'org' | 'agent' | 'connection';

/** A document as it may be stored, or everything that is wrong with it. */
export type ReadDocument =
  | { readonly ok: true; readonly document: Policy | OrganizationPolicy }
  | { readonly ok: false; readonly errors: readonly Finding[] };

/** What every field of a document of a kind is before anybody says otherwise. */
export function neutralDocument(kind: DocumentKind): Policy | OrganizationPolicy {
  return kind === 'org' ? DEFAULT_ORGANIZATION_POLICY : NEUTRAL_POLICY;
}

/** What a document starts from when single fields of it are set: the one in force; a connection's first has a monthly cap, which only who says so takes away. */
export function startingDocument(kind: DocumentKind, current: object | undefined): object {
  const cap = kind === 'connection' ? { monthlyCapMicros: DEFAULT_CONNECTION_CAP_MICROS } : {};
  return { ...neutralDocument(kind), ...(current ?? cap) };
}

/** Reads a document: valid for its kind, with known zones, lists sorted and unique, and nothing in it that no rule enforces. */
export function readDocument(kind: DocumentKind, document: object): ReadDocument {
  const parsed = (kind === 'org' ? organizationPolicySchema : policySchema).safeParse(document);
  if (!parsed.success) return { ok: false, errors: findingsOf(kind, parsed.error) };
  const { data } = parsed;
  const errors = [
    ...(data.windows ?? []).flatMap(({ tz }, i) =>
      isKnownZone(tz)
        ? []
        : [{ field: `windows.${i}.tz`, message: `${tz} is no IANA time zone (right would be Europe/Berlin)` }],
    ),
    ...unsupportedPolicyFields(data).map((field) => ({
      field,
      message: `${field} is not enforced yet; leave it neutral`,
    })),
  ];
  return errors.length > 0 ? { ok: false, errors } : { ok: true, document: sorted(data) };
}

function findingsOf(kind: DocumentKind, { issues }: z.ZodError): readonly Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [{ field: path.join('.'), message: messageOf(issue) }];
    return issue.keys.map((key) => ({ field: [...path, key].join('.'), message: unknownField(kind, path, key) }));
  });
}

function messageOf(issue: z.core.$ZodIssue): string {
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('undefined');
  return isMissing ? 'is missing (every field is required; null would be no demand)' : issue.message;
}

function unknownField(kind: DocumentKind, path: readonly string[], key: string): string {
  if (path.length > 0) return `${key} is no field of ${path.join('.')}`;
  const fields = Object.keys(neutralDocument(kind));
  const near = fields.find((field) => field.toLowerCase() === key.toLowerCase()) ?? nearest(key, fields);
  return `${key} is no field of a policy (${near === undefined ? `there are: ${fields.join(', ')}` : `did you mean ${near}?`})`;
}

/** The field that shares the longest beginning, if that is most of the word. */
function nearest(key: string, fields: readonly string[]): string | undefined {
  const shared = (field: string): number => {
    let i = 0;
    while (i < key.length && field[i]?.toLowerCase() === key[i]?.toLowerCase()) i += 1;
    return i;
  };
  const best = [...fields].sort((a, b) => shared(b) - shared(a))[0];
  return best !== undefined && shared(best) >= Math.max(3, key.length / 2) ? best : undefined;
}

/** Lists as they are stored: sorted and unique. */
function sorted<P extends Policy | OrganizationPolicy>(document: P): P {
  const list = (value: readonly string[] | null): string[] | null => {
    const normal = normalise(value);
    return normal === null ? null : [...normal];
  };
  return {
    ...document,
    taskTypes: list(document.taskTypes),
    models: list(document.models),
    tools: list(document.tools),
    dataStores: list(document.dataStores),
    dataClasses: document.dataClasses === null ? null : [...new Set(document.dataClasses)].sort(),
    approvalTaskTypes: list(document.approvalTaskTypes) ?? [],
  };
}
