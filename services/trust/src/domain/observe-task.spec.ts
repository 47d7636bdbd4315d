import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { formatInstant } from '@countersign/primitives';
import {
  eventIdOf,
  finishedItemSchema,
  REASON_CODE_LIST,
  type FinishedItem,
  type ReasonCode,
} from '@countersign/contracts';
import { anId } from '@countersign/testing';
import { parse } from 'yaml';
import { observeRejection, observeTask, type ChargedObservation, type TaskParticipants } from './observe-task.js';
import { usesOfTask } from './observe-use.js';
import { CASE_NOW as NOW } from './spec-support/case-evidence.js';

interface Outcome {
  readonly outcome: string;
  readonly action: string;
}
interface Observed {
  readonly kind: string;
  readonly of: 'client' | 'target';
  readonly [more: string]: string;
}
interface Case {
  readonly name: string;
  readonly state?: FinishedItem['state'];
  readonly codes?: FinishedItem['codes'];
  readonly guardrails?: readonly Outcome[];
  readonly output?:
    'none' | { readonly outcome: string; readonly codes?: unknown; readonly guardrails: readonly Outcome[] };
  readonly sandbox?: boolean;
  readonly shared?: boolean;
  readonly maxRunSeconds?: 'none';
  readonly handedOverBefore?: number | 'none';
  readonly observes: readonly Observed[];
  /** What a person's word that it was unsafe would record. */
  readonly unsafe?: readonly Observed[];
}

const CASES = parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'cases', 'observations.yaml'), 'utf8'),
) as readonly Case[];

const ORG = anId();
const CLIENT = { org: ORG, agent: anId() };
const TARGET = { org: anId(), agent: anId() };
const TASK = anId();
const DEADLINE = NOW;

const outcomes = (list: readonly Outcome[] = []): readonly object[] =>
  list.map((outcome, i) => ({ id: `g${i}`, version: 1, ...outcome }));

function finished({ state = 'COMPLETED', codes = [], guardrails, output, sandbox = false }: Case): FinishedItem {
  const screened =
    output === 'none'
      ? {}
      : {
          output: {
            outcome: output?.outcome ?? 'ALLOW',
            codes: output?.codes ?? [],
            guardrails: outcomes(output?.guardrails),
            versions: {},
          },
        };
  return finishedItemSchema.parse({
    type: 'finished',
    nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
    task: { ...CLIENT, id: TASK },
    attempt: 1,
    round: 1,
    digest: `sha256:${'0'.repeat(64)}`,
    at: formatInstant(NOW),
    state,
    codes,
    ...(codes[0] === undefined ? {} : { code: codes[0].code }),
    claimed: state !== 'DENIED',
    ...screened,
    facts: {
      taskType: 'convert',
      target: TARGET,
      connection: anId(),
      client: { score: 7_000, level: 'VERIFIED' },
      targetTrust: { score: 5_000, level: 'PROVISIONAL' },
      deadline: formatInstant(DEADLINE),
      guardrails: outcomes(guardrails),
      sandbox,
    },
  });
}

function participants({ shared = false, maxRunSeconds, handedOverBefore = 120 }: Case): TaskParticipants {
  return {
    clientOwner: 'alice',
    targetOwner: 'bob',
    maxRunSeconds: maxRunSeconds === 'none' ? undefined : 60,
    handedOverAt: handedOverBefore === 'none' ? undefined : DEADLINE - handedOverBefore * 1_000,
    shared,
  };
}

function told({ agent, observation: o }: ChargedObservation, wanted: Observed | undefined): object {
  const all: Readonly<Record<string, string | undefined>> = {
    kind: o.kind,
    of: agent.agent === CLIENT.agent ? 'client' : 'target',
    code: o.code,
    value: o.value,
    counterparty: o.counterparty,
    level: o.counterpartyLevel,
    observer: o.observerOrg === TARGET.org ? 'target' : 'client',
  };
  const keys = Object.keys(wanted ?? all);
  return Object.fromEntries(keys.map((key) => [key, all[key]]));
}

describe('the end of a task', () => {
  it.each(CASES)('$name', (given) => {
    const found = observeTask(finished(given), participants(given), NOW);
    expect(found.map((observation, i) => told(observation, given.observes[i]))).toEqual(given.observes);
    const rejected = observeRejection(finished(given), participants(given), NOW);
    expect((rejected === undefined ? [] : [rejected]).map((o, i) => told(o, given.unsafe?.[i]))).toEqual(
      given.unsafe ?? [],
    );
  });

  it('has ids that a replay makes again, one for each side of an attempt', () => {
    const given = CASES[0] as Case;
    const ids = observeTask(finished(given), participants(given), NOW).map(({ observation }) => observation.id);
    const key = { ...CLIENT, task: TASK };
    expect(ids).toEqual(
      ['client', 'target'].map((role) => eventIdOf({ key, attempt: 1, round: 1 }, `observation:${role}`)),
    );
  });

  it('names the event in the record that it came from', () => {
    const given = CASES[0] as Case;
    const [first] = observeTask(finished(given), participants(given), NOW);
    expect(first?.eventId).toBe(eventIdOf({ key: { ...CLIENT, task: TASK }, attempt: 1, round: 1 }, 'finished'));
  });

  it('charges a client for the codes that the cases name and for no other of the catalogue', () => {
    const given: Case = { name: '', state: 'DENIED', observes: [] };
    const charging = REASON_CODE_LIST.filter(
      (code: ReasonCode) => observeTask(finished({ ...given, codes: [{ code }] }), participants(given), NOW).length > 0,
    );
    expect([...charging].sort()).toEqual(
      [
        'BUDGET_AGENT_EXHAUSTED BUDGET_CONNECTION_EXHAUSTED BUDGET_ORG_EXHAUSTED BUDGET_TASK_EXHAUSTED BUDGET_TREE_EXHAUSTED',
        'CONNECTION_NOT_FOUND COST_PER_REQUEST_EXCEEDED CROSS_ORG_NOT_SHARED DATA_CLASS_NOT_ALLOWED DATA_STORE_NOT_ALLOWED',
        'DELEGATION_CYCLE DOWNSTREAM_NOT_ALLOWED EXPLICIT_DENY FAN_OUT_EXCEEDED GRANT_TOKEN_INVALID GUARDRAIL_BLOCKED',
        'HOP_LIMIT_EXCEEDED MODEL_NOT_ALLOWED OUTSIDE_TIME_WINDOW PARENT_NOT_YOURS PARENT_UNKNOWN RATE_LIMITED',
        'TASK_TYPE_FORBIDDEN_BY_TARGET TASK_TYPE_NOT_ALLOWED TOOL_NOT_ALLOWED TREE_SIZE_EXCEEDED',
      ]
        .join(' ')
        .split(' '),
    );
  });

  it('tells what was used only of a task that was executed outside a sandbox', () => {
    const given = CASES[0] as Case;
    const used = (change: Partial<FinishedItem>): readonly string[] =>
      usesOfTask({ ...finished(given), ...change }, NOW).map(({ kind, entry }) => `${kind}:${entry}`);
    const { facts } = finished(given);
    const grant = { ...GRANT, tools: ['search', 'mcp:files/*'] };
    expect(used({ facts: { ...facts, grant } })).toEqual(['taskTypes:convert', 'tools:search']);
    expect(used({ claimed: false })).toEqual([]);
    expect(used({ facts: { ...facts, sandbox: true } })).toEqual([]);
  });
});

const GRANT = {
  models: null,
  tools: null,
  dataStores: null,
  dataClasses: null,
  taskTypes: null,
  maxCostMicros: null,
  notAfter: null,
  hopsLeft: 0,
};
