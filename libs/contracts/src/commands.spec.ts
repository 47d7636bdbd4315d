import { describe, expect, it } from '@jest/globals';
import { COMMANDS, mayCommand } from './commands.js';
import { commandEnvelopeSchema, commandReplySchema, type CommandSpec } from './commands/command.js';
import { CONTROLS, SIGNERS } from './identities.js';
import { negativeSummarySchema } from './commands/trust.js';
import { eventIdOf } from './digests.js';
import type { Role } from './roles.js';

const services: Readonly<Record<string, Readonly<Record<string, CommandSpec>>>> = COMMANDS;
const all = Object.values(services).flatMap((verbs) => Object.values(verbs));
const nameOf = ({ service, verb }: Pick<CommandSpec, 'service' | 'verb'>): string => `${service}.${verb}`;
const id = '0199f0e4-5c00-7a1b-8c2d-00000000feed';
const digest = `sha256:${'0'.repeat(64)}`;

describe('commands', () => {
  it('stand under their service, each verb once', () => {
    for (const [service, verbs] of Object.entries(services))
      for (const command of Object.values(verbs)) expect(command.service).toBe(service);
    expect(new Set(all.map(nameOf)).size).toBe(all.length);
  });

  it('have verbs that a subject’s token takes', () => {
    for (const { verb } of all) expect(verb).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it('let every service explain a task', () => {
    for (const verbs of Object.values(services)) expect(Object.values(verbs).map((c) => c.verb)).toContain('explain');
  });

  it.each(all)('$service.$verb refuses a field that nobody knows, by its name', ({ request }) => {
    const issues = request.safeParse({ 'no-such-field': 1 }).error?.issues ?? [];
    expect(issues).toContainEqual(expect.objectContaining({ code: 'unrecognized_keys', keys: ['no-such-field'] }));
  });

  it.each(all)('$service.$verb takes no text, list or nothing for its fields', ({ request }) => {
    for (const value of [null, undefined, 'x', [], 1]) expect(request.safeParse(value).success).toBe(false);
  });

  it('remember their answer under the idempotency key, but for those that only read or answer a secret', () => {
    expect(
      all
        .filter((command) => !command.remembered)
        .map(nameOf)
        .sort(),
    ).toEqual(
      [
        'audit.checkpoint audit.dry-run audit.explain audit.export audit.open audit.verify budget.check budget.dry-run budget.event-list budget.explain budget.prices-show budget.show',
        'dispatcher.approvals dispatcher.explain dispatcher.list dispatcher.tasks',
        'guardrails.canary-create guardrails.dry-run guardrails.explain guardrails.prompt-put guardrails.set-show guardrails.test',
        'policy.dry-run policy.effective-show policy.explain policy.lint policy.show policy.test registry.agent-create registry.agent-list registry.bundle-show registry.connection-list',
        'registry.credential-issue registry.dry-run registry.explain registry.operator-list registry.org-list registry.share-list trust.dry-run trust.explain trust.posture-show trust.show',
      ]
        .join(' ')
        .split(' '),
    );
  });
});

describe('who may command', () => {
  const others: readonly (readonly [signer: string, command: string])[] = [
    ['registry', 'dispatcher.block'],
    ['budget', 'dispatcher.tasks'],
    ['dispatcher', 'audit.open'],
    ['dispatcher', 'registry.agent-cut'],
    ...CONTROLS.map((control) => ['dispatcher', `${control}.dry-run`] as const),
  ];

  it('is the operator and the gateway for everything', () => {
    for (const command of all)
      expect([mayCommand('operator', command), mayCommand('gateway', command)]).toEqual([true, true]);
  });

  it('is a service for nothing but a few commands, each of one service', () => {
    const programs = SIGNERS.filter((signer) => signer !== 'operator' && signer !== 'gateway');
    const allowed = all.flatMap((command) =>
      programs.filter((service) => mayCommand(service, command)).map((service) => [service, nameOf(command)]),
    );
    expect(allowed.sort()).toEqual([...others].map((pair) => [...pair]).sort());
  });

  it('is no service for a verb of another service with the same name, nor for one that does not exist', () => {
    expect(mayCommand('registry', { service: 'registry', verb: 'block' })).toBe(false);
    expect(mayCommand('budget', { service: 'dispatcher', verb: 'toString' })).toBe(false);
  });
});

describe('what people may command in their own organisation', () => {
  const takenFrom = (role: Role): readonly string[] =>
    all
      .filter(({ people }) => people?.includes(role) === true)
      .map(nameOf)
      .sort();
  const READS = [
    'audit.explain budget.check budget.event-list budget.explain budget.show dispatcher.approvals dispatcher.explain dispatcher.list dispatcher.tasks guardrails.explain',
    'guardrails.set-show policy.effective-show policy.explain policy.show registry.agent-list registry.bundle-show registry.connection-list registry.explain registry.operator-list registry.share-list',
    'trust.explain trust.posture-show trust.show',
  ]
    .join(' ')
    .split(' ');
  const and = (...more: readonly string[]): readonly string[] => [...READS, ...more].sort();
  const GUARDS = ['guardrails.canary-create', 'guardrails.prompt-put', 'guardrails.test'];
  const OWNS = [
    'audit.checkpoint audit.export audit.verify budget.prices-override budget.reset budget.topup guardrails.set-baseline guardrails.set-put',
    'policy.set registry.agent-create trust.ceiling trust.posture-put',
  ].flatMap((line) => line.split(' '));
  const DECIDES = ['dispatcher.approve', 'dispatcher.approve-many', 'dispatcher.reject'];

  it.each<[Role, readonly string[]]>([
    ['VIEWER', READS],
    ['OPERATOR', and(...GUARDS, 'registry.agent-create', 'trust.posture-put')],
    ['APPROVER', and(...DECIDES)],
    ['AUDITOR', and('audit.checkpoint', 'audit.export', 'audit.verify')],
    ['OWNER', and(...DECIDES, ...GUARDS, ...OWNS)],
  ])('is of a %s exactly what is listed', (role, expected) => {
    expect(takenFrom(role)).toEqual(expected);
  });

  it('reaches across organisations only where people decide, and so may be asked by another', () => {
    expect(
      all
        .filter(({ acrossOrgs }) => acrossOrgs === true)
        .map(nameOf)
        .sort(),
    ).toEqual(DECIDES);
  });
});

describe('the outer form of a command', () => {
  const envelope = { nonce: 'AAAAAAAAAAA', actor: { kind: 'operator', id: 'local' }, idempotencyKey: id, body: {} };

  it('is a nonce, an actor, an idempotency key and a body', () => {
    expect(commandEnvelopeSchema.parse(envelope)).toEqual(envelope);
  });

  it.each([
    ['nonce', 'short'],
    ['nonce', 'A'.repeat(44)],
    ['actor', { kind: 'root', id: 'x' }],
    ['actor', { kind: 'user', id: '' }],
    ['idempotencyKey', 'again'],
  ])('is refused for a bad %s (%#)', (field, value) => {
    const found = commandEnvelopeSchema.safeParse({ ...envelope, [field]: value });
    expect(found.error?.issues[0]?.path[0]).toBe(field);
  });

  it('is answered with a result or a problem with a code of the catalogue, never both or neither', () => {
    const problem = { code: 'NOT_FOUND', message: 'there is no agent x', field: 'agent' };
    const replies = [
      { ok: true, result: {} },
      { ok: false, problem },
      { ok: true, problem },
      { ok: false, problem: { ...problem, code: 'MADE_UP' } },
      { ok: 'yes', result: {} },
    ];
    expect(replies.map((reply) => commandReplySchema.safeParse(reply).success)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('defaults and limits of commands', () => {
  const { registry, dispatcher, audit, policy, guardrails, budget } = COMMANDS;

  it('fill what its sender left out', () => {
    expect(registry.orgCreate.request.parse({ name: 'acme' })).toEqual({ name: 'acme', currency: 'USD', zone: 'UTC' });
    expect(dispatcher.list.request.parse({ org: id })).toEqual({ org: id, limit: 50 });
    expect(audit.export.request.parse({ org: id })).toEqual({
      ...{ org: id, from: 0, limit: 500 },
      payloads: false,
    });
  });

  it('need the digest of the action for an approval and a rejection', () => {
    const task = { org: id, agent: id, task: id };
    for (const { request } of [dispatcher.approve, dispatcher.reject]) {
      expect(request.safeParse({ task, attempt: 1, round: 1, actionDigest: digest }).success).toBe(true);
      expect(request.safeParse({ task, attempt: 1, round: 1 }).error?.issues[0]?.path).toEqual(['actionDigest']);
    }
  });

  it.each<[string, CommandSpec, object, string]>([
    ['a currency in lower case', registry.orgCreate, { name: 'acme', currency: 'usd' }, 'currency'],
    ['a name in capitals', registry.orgCreate, { name: 'ACME' }, 'name'],
    ['more rows than 500', dispatcher.list, { org: id, limit: 501 }, 'limit'],
    ['a state that is none', dispatcher.list, { org: id, state: 'RUNNING' }, 'state'],
    [
      'an epoch below zero',
      dispatcher.block,
      { org: null, kind: 'AGENT', id, active: true, epoch: -1, code: 'AGENT_REVOKED' },
      'epoch',
    ],
    [
      'a code that is none',
      dispatcher.block,
      { org: null, kind: 'AGENT', id, active: true, epoch: 0, code: 'X' },
      'code',
    ],
    ['a position below zero', audit.export, { org: id, from: -1 }, 'from'],
    ['a scope that is none', policy.show, { scope: { kind: 'planet', org: id } }, 'scope.kind'],
    [
      'a guardrail without a pack',
      guardrails.setPut,
      {
        org: id,
        guardrails: [
          {
            id: 'a',
            name: 'a',
            version: 1,
            stage: 'BOTH',
            category: 'SECURITY',
            packs: [],
            action: 'BLOCK',
            timeoutMs: 1,
            enabled: true,
          },
        ],
      },
      'guardrails.0.packs',
    ],
    [
      'a price below zero',
      budget.pricesPut,
      {
        currency: 'USD',
        entries: [
          {
            kind: 'request',
            tierMinTokens: 0,
            inputMicrosPerMtok: '-1',
            outputMicrosPerMtok: '0',
            cachedInputMicrosPerMtok: '0',
            requestMicros: '0',
          },
        ],
      },
      'entries.0.inputMicrosPerMtok',
    ],
  ])('refuse %s by its field', (_what, { request }, body, field) => {
    expect(request.safeParse(body).error?.issues.map((issue) => issue.path.join('.'))).toEqual([field]);
  });
});

describe('what trust tells of violations', () => {
  const observation = eventIdOf({ key: { org: id, agent: id, task: id }, attempt: 1, round: 1 }, 'observation:target');

  it('names observations and events by ids that are derived, and takes them back', () => {
    const told = { kind: 'CANARY_LEAK', count: 1, mass: 25, dayCap: null, observations: [observation], auditIds: [] };
    expect(negativeSummarySchema.parse({ ...told, auditIds: [observation] }).observations).toEqual([observation]);
    const request = { org: id, observation, reason: 'a test' };
    expect(COMMANDS.trust.observationVoid.request.safeParse(request).success).toBe(true);
  });

  it('takes no other id for one of them', () => {
    const request = { org: id, observation: id, reason: 'a test' };
    expect(COMMANDS.trust.observationVoid.request.safeParse(request).error?.issues[0]?.message).toContain('UUIDv8');
  });
});
