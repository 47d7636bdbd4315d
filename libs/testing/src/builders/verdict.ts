import { formatDigest, sha256, type Clock } from '@countersign/primitives';
import type { Control, GrantTerms, VerdictItem } from '@countersign/contracts';
import { verdictOf, type Judgement, type TaskMessage } from '@countersign/bus';
import { SeededRandom } from '../random.js';
import { anId } from './ids.js';

const random = new SeededRandom('verdicts');

/** A grant that lets everything pass. */
export const ANY_GRANT: GrantTerms = {
  models: null,
  tools: null,
  dataStores: null,
  dataClasses: null,
  taskTypes: null,
  maxCostMicros: null,
  notAfter: null,
  hopsLeft: 4,
};

const CONNECTION = { id: anId(), org: anId(), agent: anId() };

/** What each control says when it approves: the least that a release needs of it. */
export function anApproval(control: Control): Judgement {
  const approve = { decision: 'APPROVE', codes: [] } as const;
  const money = { estimateMicros: '0', priceBookVersion: 1 };
  const standing = { score: 5_000, level: 'PROVISIONAL' } as const;
  switch (control) {
    case 'registry':
      return { ...approve, connection: CONNECTION, epochs: { client: 1, target: 1, connection: 1 } };
    case 'policy':
      return { ...approve, ...money, grant: ANY_GRANT, approval: { authors: [] } };
    case 'guardrails':
      return { ...approve, guardrails: [] };
    case 'trust':
      return { ...approve, score: { client: standing, target: standing } };
    case 'budget':
      return { ...approve, ...money };
    case 'audit':
      return { ...approve, record: { position: 0, leaf: formatDigest(sha256(Buffer.from('leaf'))) } };
  }
}

/** A control's verdict on a task, approving unless told otherwise. */
export function aVerdict(
  task: TaskMessage,
  control: Control,
  { clock, ...parts }: { readonly clock: Clock } & Partial<Judgement>,
): VerdictItem {
  return verdictOf(task, { ...anApproval(control), ...parts }, { clock, random });
}
