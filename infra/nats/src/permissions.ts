import {
  CONTROLS,
  consumerSpecs,
  READ_MODEL_OWNERS,
  READ_MODEL_READERS,
  readModelStream,
  type Signer,
} from '@countersign/contracts';
import type { ControlUser } from './keys.js';

/** What a user may publish and subscribe; `responses` lets it answer requests it received. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  readonly responses: boolean;
}

const inbox = (user: string): string => `_INBOX_${user}.>`;

/** Reads one stream in order: looks at it, makes ephemeral consumers on it, pulls from them, and deletes its own. A token cannot be matched in part, so names are not narrowed. */
function reads(stream: string): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
  ];
}

/** Reads its own durables: pulls and acknowledges, in the subject shapes of both versions of acknowledgement. */
function durables(user: Signer): string[] {
  return consumerSpecs()
    .filter(({ durable }) => durable.startsWith(`${user}-`))
    .flatMap(({ stream, durable }) => [
      `$JS.API.CONSUMER.INFO.${stream}.${durable}`,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`,
      `$JS.ACK.${stream}.${durable}.>`,
      `$JS.ACK.*.*.${stream}.${durable}.>`,
    ]);
}

function models(user: Signer): string[] {
  const read = READ_MODEL_OWNERS.filter((owner) => READ_MODEL_READERS[owner].includes(user)).flatMap((owner) =>
    reads(readModelStream(owner)),
  );
  const own = READ_MODEL_OWNERS.find((owner) => owner === user);
  return own === undefined ? read : [...read, `$KV.CFG_${own}.>`];
}

const lookups = (...streams: readonly string[]): string[] =>
  streams.map((stream) => `$JS.API.STREAM.MSG.GET.${stream}`);

/** What a service may publish beside its durables and read models. */
const OWN_SUBJECTS: Readonly<Record<Exclude<Signer, 'operator' | 'gateway'>, readonly string[]>> = {
  registry: ['flow.*.vd.registry', 'adm.dispatcher.block'],
  policy: ['flow.*.vd.policy'],
  guardrails: ['flow.*.vd.guardrails', 'flow.*.ovd', 'body.>', ...lookups('ING', 'RES')],
  trust: ['flow.*.vd.trust'],
  budget: ['flow.*.vd.budget', 'adm.dispatcher.tasks'],
  audit: ['flow.*.vd.audit', 'flow.*.rec'],
  dispatcher: [
    'flow.*.dec',
    'flow.*.scr',
    'rnd.>',
    'dlv.*.*',
    'ans.*.*.*',
    'adm.audit.open',
    'adm.registry.agent-cut',
    ...CONTROLS.map((control) => `adm.${control}.dry-run`),
    ...reads('ING'),
    ...reads('FLOW'),
    '$JS.API.STREAM.INFO.RES',
    ...lookups('ING', 'BODY', 'RES'),
  ],
};

/** Requests of agents that a service answers. */
const AGENT_REQUESTS: Readonly<Partial<Record<ControlUser, readonly string[]>>> = {
  registry: ['agt.*.*.peers.list'],
  dispatcher: ['agt.*.*.status.*', 'agt.*.*.check.*', 'agt.*.*.usage.*'],
};

/** What each user of the account CONTROL may do. Permissions are the second line; signatures are the first, because the server does not check reply subjects. */
export function permissionsOf(user: ControlUser): Permissions {
  if (user === 'provisioner') {
    const consumers = ['CREATE.>', 'INFO.>', 'DURABLE.CREATE.>'].map((verb) => `$JS.API.CONSUMER.${verb}`);
    return {
      publish: ['$JS.API.INFO', '$JS.API.STREAM.CREATE.*', '$JS.API.STREAM.INFO.*', ...consumers],
      subscribe: [inbox(user)],
      responses: false,
    };
  }
  if (user === 'operator') return { publish: ['adm.>'], subscribe: [inbox(user)], responses: false };
  const requests = AGENT_REQUESTS[user] ?? [];
  return {
    publish: [...new Set([...OWN_SUBJECTS[user], ...durables(user), ...models(user)])],
    subscribe: [inbox(user), `adm.${user}.>`, ...requests],
    responses: true,
  };
}
