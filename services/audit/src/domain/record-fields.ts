/** Kinds of entries, by what they are about; `every` is all of them. */
export type EntryKind = 'every' | 'task' | 'submitted' | 'decided' | 'claimed' | 'resulted' | 'finished' | 'approval';

/** Where a field that reconstruction needs stands in the record. */
export interface RecordField {
  /** The field as the specification of reconstruction names it. */
  readonly field: string;
  /** The key of the header. */
  readonly key: string;
  /** Entries that carry it. */
  readonly entries: readonly EntryKind[];
  /** When it is null or empty though the entry carries it; absent: never. */
  readonly absentWhen?: string;
}

/** Every field that the reconstruction of an incident needs, with its place. `docs/guides/record-fields.md` shows the same table; a test compares them. */
export const RECORD_FIELDS: readonly RecordField[] = [
  { field: 'seq', key: 'seq', entries: ['every'] },
  { field: 'id', key: 'id', entries: ['every'] },
  { field: 'org_id', key: 'org', entries: ['every'] },
  { field: 'at', key: 'at', entries: ['every'] },
  { field: 'type', key: 'type', entries: ['every'] },
  { field: 'actor', key: 'actor', entries: ['every'] },
  { field: 'agent_id', key: 'agent', entries: ['task'] },
  { field: 'agent_level', key: 'agentLevel', entries: ['decided', 'finished'], absentWhen: 'trust gave no verdict' },
  { field: 'agent_score', key: 'agentScore', entries: ['decided', 'finished'], absentWhen: 'trust gave no verdict' },
  {
    field: 'on_behalf_of',
    key: 'userRef',
    entries: ['every'],
    absentWhen: 'no verified user stands behind the task: until users sign in, always',
  },
  { field: 'task_id', key: 'task', entries: ['task'] },
  {
    field: 'task_type',
    key: 'taskType',
    entries: ['submitted', 'decided', 'finished'],
    absentWhen: 'the envelope is not valid',
  },
  { field: 'attempt', key: 'attempt', entries: ['task'] },
  { field: 'round', key: 'round', entries: ['task'] },
  { field: 'parent_task_id', key: 'parent', entries: ['submitted'], absentWhen: 'the task names no parent' },
  { field: 'root_task_id', key: 'root', entries: ['task'] },
  { field: 'connection_id', key: 'connection', entries: ['decided', 'finished'], absentWhen: 'registry found none' },
  { field: 'decision', key: 'decision', entries: ['decided', 'approval'] },
  { field: 'codes[]', key: 'codes', entries: ['decided', 'finished'], absentWhen: 'the task was released' },
  { field: 'clause', key: 'clause', entries: ['decided', 'finished'], absentWhen: 'no clause stopped the task' },
  {
    field: 'policy_versions',
    key: 'versions',
    entries: ['decided', 'finished'],
    absentWhen: 'no verdict was asked for',
  },
  {
    field: 'guardrail_results',
    key: 'guardrails',
    entries: ['decided', 'finished'],
    absentWhen: 'guardrails gave no verdict',
  },
  {
    field: 'guardrail_results of the output',
    key: 'output',
    entries: ['finished'],
    absentWhen: 'there was no output to screen',
  },
  { field: 'input_digest', key: 'inputDigest', entries: ['task'] },
  { field: 'output_digest', key: 'outputDigest', entries: ['resulted', 'finished'], absentWhen: 'there was no result' },
  {
    field: 'span_hashes[]',
    key: 'spanHashes',
    entries: ['decided', 'finished'],
    absentWhen: 'guardrails found nothing',
  },
  {
    field: 'cost_micros',
    key: 'costMicros',
    entries: ['finished'],
    absentWhen: 'nothing was charged, or the cost was not known yet',
  },
  { field: 'trace_id', key: 'trace', entries: ['task'] },
  { field: 'prev_hash', key: 'prev', entries: ['every'] },
];
