import { CONTROLS, type Signer } from '../identities.js';
import { READ_MODEL_READERS } from '../streams.js';
import { READ_MODEL_OWNERS, readModelSubject, TICK_KEY, type ReadModelOwner } from '../read-models.js';
import type { PURPOSES } from '../trust-bundle.js';

/** Whoever sends or receives: a signer, an agent, or the server itself, which maps what agents send. */
export type Party = Signer | 'agent' | 'nats-server';

/** What stands in a message: one JSON value of one of the schemas, JSON Lines of which the first is of another schema, or an acknowledgement of the server. */
export type Payload =
  | { readonly form: 'json'; readonly oneOf: readonly string[] }
  | { readonly form: 'lines'; readonly first: string; readonly rest: readonly string[] }
  | { readonly form: 'ack' };

/** One subject of the wire. `address` has its variable tokens in braces. */
export interface SubjectEntry {
  readonly name: string;
  readonly address: string;
  readonly meaning: string;
  readonly from: readonly Party[];
  readonly to: readonly Party[];
  readonly payload: Payload;
  /** What its signature is for; absent where the subject itself, which the server enforces, speaks for its sender, or a signed digest elsewhere. */
  readonly signed?: keyof typeof PURPOSES;
  readonly stream?: string;
  readonly header?: string;
  readonly reply?: { readonly payload: Payload; readonly signed: boolean };
}

const json = (...oneOf: readonly string[]): Payload => ({ form: 'json', oneOf });
const frame = (...rest: readonly string[]): Payload => ({ form: 'lines', first: 'frame-header', rest });
const transitions = frame('transition-item');

/** Whatever an agent asks, it may be told instead that it asks too much. */
const reply = (schema: string): NonNullable<SubjectEntry['reply']> => {
  return { payload: json(schema, 'request-refusal'), signed: true };
};

const OF_AGENTS: readonly SubjectEntry[] = [
  {
    name: 'submit',
    address: 'agt.{org}.{agent}.task.{task}',
    meaning:
      'An agent submits a task. The reply is the acknowledgement of stream ING: the task is stored, nothing more. A second message under the subject is refused.',
    from: ['agent'],
    to: ['nats-server'],
    payload: json('task-envelope'),
    reply: { payload: { form: 'ack' }, signed: false },
  },
  {
    name: 'result',
    address: 'agt.{org}.{agent}.result.{grant}',
    meaning: 'The target sends the result of a task that was handed to it; the token is the jti of its release grant.',
    from: ['agent'],
    to: ['nats-server'],
    payload: json('result-envelope'),
    reply: { payload: { form: 'ack' }, signed: false },
  },
  {
    name: 'status',
    address: 'agt.{org}.{agent}.status.{task}',
    meaning: 'An agent asks for state and answer of an own task.',
    from: ['agent'],
    to: ['dispatcher'],
    payload: json('agent-request'),
    reply: reply('answer-envelope'),
  },
  {
    name: 'peers',
    address: 'agt.{org}.{agent}.peers.list',
    meaning: 'An agent asks for its own connections and the newest trust bundle.',
    from: ['agent'],
    to: ['registry'],
    payload: json('agent-request'),
    reply: reply('peers-reply'),
  },
  {
    name: 'check',
    address: 'agt.{org}.{agent}.check.{task}',
    meaning:
      'A dry run: what a submission of these bytes would come to now. Nothing is released, reserved or observed; the token is the id that the envelope names.',
    from: ['agent'],
    to: ['dispatcher'],
    payload: json('check-request'),
    reply: reply('check-reply'),
  },
  {
    name: 'usage',
    address: 'agt.{org}.{agent}.usage.{grant}',
    meaning:
      'A target reports what a task under this grant has used so far; it is added to what the result tells. A repeated report counts once.',
    from: ['agent'],
    to: ['dispatcher'],
    payload: json('usage-report'),
    reply: reply('usage-report-reply'),
  },
];

const TO_AGENTS: readonly SubjectEntry[] = [
  {
    name: 'hand-over',
    address: 'dlv.{org}.{agent}',
    meaning:
      'The released bytes, with the release grant in a header. Nothing is run without a grant that verifies. No reply within five seconds counts as handed over.',
    from: ['dispatcher'],
    to: ['agent'],
    payload: json('task-envelope'),
    header: 'cs-grant',
    reply: { payload: json('delivery-reply'), signed: false },
  },
  {
    name: 'answer',
    address: 'ans.{org}.{agent}.{instance}',
    meaning: 'The answer to a task, at least once; `instance` is the one that the envelope names, else `all`.',
    from: ['dispatcher'],
    to: ['agent'],
    payload: json('answer-envelope'),
    signed: 'answer',
  },
];

const STORED: readonly SubjectEntry[] = [
  {
    name: 'stored-submission',
    address: 'ing.{p}.{s}.{org}.{agent}.{task}',
    meaning: 'A submission as the server stored it: partitions of the task id and of the organisation stand first.',
    from: ['nats-server'],
    to: [...CONTROLS, 'dispatcher'],
    payload: json('task-envelope'),
    stream: 'ING',
  },
  {
    name: 'round',
    address: 'rnd.{p}.{s}.{org}.{agent}.{task}.{attempt}.{round}',
    meaning: 'Every evaluation of a task but the first: one line, a line feed, the original bytes of the submission.',
    from: ['dispatcher'],
    to: [...CONTROLS, 'dispatcher'],
    payload: { form: 'lines', first: 'round-line', rest: ['task-envelope'] },
    signed: 'round',
    stream: 'ING',
  },
  {
    name: 'stored-result',
    address: 'res.{p}.{s}.{org}.{agent}.{grant}',
    meaning: 'A result as the server stored it, at most four a subject; organisation and agent are the target’s.',
    from: ['nats-server'],
    to: ['dispatcher', 'guardrails'],
    payload: json('result-envelope'),
    stream: 'RES',
  },
  {
    name: 'body',
    address: 'body.{org}.{agent}.{task}.{attempt}.{round}.{side}',
    meaning:
      'A transformed body, written once; it is believed where its digest stands in a signed verdict or screening.',
    from: ['guardrails'],
    to: ['dispatcher'],
    payload: json('task-envelope', 'result-envelope'),
    stream: 'BODY',
  },
];

const flow = (entry: Omit<SubjectEntry, 'signed' | 'stream'>): SubjectEntry => ({
  ...entry,
  signed: 'frame',
  stream: 'FLOW',
});
const FRAMES: readonly SubjectEntry[] = [
  ...CONTROLS.map((control) =>
    flow({
      name: `verdicts-${control}`,
      address: `flow.{lane}.vd.${control}`,
      meaning: `Verdicts of ${control}, and approvals that it takes back.`,
      from: [control],
      to: ['dispatcher'],
      payload: frame('verdict-frame-item'),
    }),
  ),
  flow({
    name: 'transitions',
    address: 'flow.{lane}.dec',
    meaning: 'Transitions of tasks: decided, claimed, resulted, finished, moved.',
    from: ['dispatcher'],
    to: ['audit', 'budget', 'trust', 'guardrails'],
    payload: transitions,
  }),
  flow({
    name: 'recorded',
    address: 'flow.{lane}.rec',
    meaning: 'Which transitions stand in the organisation’s chain, with position and leaf.',
    from: ['audit'],
    to: ['dispatcher'],
    payload: frame('recorded-item'),
  }),
  flow({
    name: 'screening',
    address: 'flow.{lane}.scr',
    meaning: 'Results to be screened.',
    from: ['dispatcher'],
    to: ['guardrails'],
    payload: frame('screen-item'),
  }),
  flow({
    name: 'screened',
    address: 'flow.{lane}.ovd',
    meaning: 'What the screening of results found.',
    from: ['guardrails'],
    to: ['dispatcher'],
    payload: frame('screened-item'),
  }),
];

const records: Readonly<Record<ReadModelOwner, readonly (readonly [key: string, schema: string, meaning: string])[]>> =
  {
    registry: [
      ['org.{org}', 'registry-record', 'An organisation.'],
      ['agent.{org}.{agent}', 'registry-record', 'An agent.'],
      ['conn.{org}.{connection}', 'registry-record', 'A connection; the organisation is the client’s.'],
      ['install', 'registry-record', 'The installation’s kill switch.'],
    ],
    policy: [
      ['org.{org}', 'policy-record', 'An organisation’s policy in force.'],
      ['agent.{org}.{agent}', 'policy-record', 'An agent’s policy in force.'],
      ['conn.{org}.{connection}', 'policy-record', 'A connection’s policy in force.'],
    ],
    budget: [['prices.{version}', 'price-book-record', 'An immutable price book.']],
    guardrails: [['org.{org}', 'guardrail-set-record', 'An organisation’s guardrails.']],
  };
const READ_MODELS: readonly SubjectEntry[] = READ_MODEL_OWNERS.flatMap((owner) =>
  [...records[owner], [TICK_KEY, 'tick', 'Once a second: the bucket agrees with the rows.'] as const].map(
    ([key, schema, meaning]): SubjectEntry => ({
      name: `${owner}-${key.split('.')[0] ?? ''}`.replace('-_', '-'),
      address: readModelSubject(owner, key),
      meaning,
      from: [owner],
      to: READ_MODEL_READERS[owner],
      payload: json(schema),
      signed: 'record',
      stream: `KV_CFG_${owner}`,
    }),
  ),
);

/** Every subject of the wire but commands, in groups. */
export const SUBJECT_CATALOGUE: readonly (readonly [group: string, entries: readonly SubjectEntry[]])[] = [
  ['What agents send', OF_AGENTS],
  ['What agents receive', TO_AGENTS],
  ['Stored messages', STORED],
  ['Frames', FRAMES],
  ['Read models', READ_MODELS],
];

/** What each variable token of a subject is. */
export const TOKENS: Readonly<Record<string, string>> = {
  org: 'id of the organisation, a lower-case UUIDv7',
  agent: 'id of the agent, a lower-case UUIDv7',
  task: 'id of the task, a lower-case UUIDv7',
  grant: 'jti of the release grant, a lower-case UUIDv7',
  instance: 'instance of the client that the envelope names, or `all`',
  p: 'partition of the task id (of the grant on `res`): FNV-1a, 32 bits, modulo 64',
  s: 'partition of the organisation: FNV-1a, 32 bits, modulo 16',
  attempt: 'execution of the task, from 1',
  round: 'evaluation of the attempt, from 1',
  side: '`in` for a submission, `out` for a result',
  lane: 'partition of the task id modulo the number of lanes of the installation',
  connection: 'id of the connection, a lower-case UUIDv7',
  version: 'version of the price book',
};
