import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, headers, nkeyAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { testNats, type TestNats } from '@countersign/testing';
import { CONTROL_USERS, type ControlUser } from './keys.js';

jest.setTimeout(60_000);

const CONTROLS = ['registry', 'policy', 'guardrails', 'trust', 'budget', 'audit'] as const;
const EACH = [...CONTROLS, 'dispatcher'] as const;
const NOBODY = [] as const;

/** Who may publish on a subject; everybody else is refused. */
const MAY_PUBLISH: Readonly<Record<string, readonly ControlUser[]>> = {
  ...Object.fromEntries(CONTROLS.map((control) => [`flow.0.vd.${control}`, [control]])),
  'flow.0.vd.dispatcher': NOBODY,
  'flow.0.dec': ['dispatcher'],
  'flow.0.scr': ['dispatcher'],
  'flow.0.rec': ['audit'],
  'flow.0.ovd': ['guardrails'],
  'rnd.1.1.o.a.t.1.2': ['dispatcher'],
  'body.o.a.t.1.1.in': ['guardrails'],
  'ing.1.1.o.a.t': NOBODY,
  'res.1.1.o.a.g': NOBODY,
  'agt.o.a.task.mapped': NOBODY,
  'agt.o.a.result.mapped': NOBODY,
  'agt.o.a.status.t': NOBODY,
  'dlv.o.a': ['dispatcher'],
  'ans.o.a.all': ['dispatcher'],
  '$KV.CFG_registry.org.o': ['registry'],
  '$KV.CFG_registry._tick': ['registry'],
  '$KV.CFG_policy.org.o': ['policy'],
  '$KV.CFG_budget.prices.1': ['budget'],
  '$KV.CFG_guardrails.org.o': ['guardrails'],
  'adm.dispatcher.block': ['registry', 'operator'],
  'adm.dispatcher.tasks': ['budget', 'operator'],
  'adm.dispatcher.approve': ['operator'],
  'adm.audit.open': ['dispatcher', 'operator'],
  'adm.policy.set': ['operator'],
  'adm.registry.agent-create': ['operator'],
  'adm.registry.agent-cut': ['dispatcher', 'operator'],
  ...Object.fromEntries(CONTROLS.map((c) => [`adm.${c}.dry-run`, ['dispatcher', 'operator']])),
  '_INBOX_policy.x': NOBODY,
  '_R_.x.y': NOBODY,
  '$JS.API.STREAM.CREATE.X': ['provisioner'],
  '$JS.API.STREAM.UPDATE.ING': NOBODY,
  '$JS.API.STREAM.DELETE.ING': NOBODY,
  '$JS.API.STREAM.PURGE.ING': NOBODY,
  '$JS.API.STREAM.MSG.DELETE.ING': NOBODY,
  '$JS.API.STREAM.SNAPSHOT.ING': NOBODY,
  '$JS.API.STREAM.RESTORE.ING': NOBODY,
  '$JS.API.STREAM.MSG.GET.ING': ['guardrails', 'dispatcher'],
  '$JS.API.STREAM.MSG.GET.RES': ['guardrails', 'dispatcher'],
  '$JS.API.STREAM.MSG.GET.BODY': ['dispatcher'],
  '$JS.API.STREAM.MSG.GET.FLOW': NOBODY,
  '$JS.API.STREAM.MSG.GET.KV_CFG_registry': NOBODY,
  '$JS.API.DIRECT.GET.ING': NOBODY,
  '$JS.API.CONSUMER.CREATE.ING.x.ing.>': ['dispatcher', 'provisioner'],
  '$JS.API.CONSUMER.CREATE.FLOW.x.flow.>': ['dispatcher', 'provisioner'],
  '$JS.API.CONSUMER.CREATE.RES.x': ['provisioner'],
  '$JS.API.CONSUMER.CREATE.BODY.x': ['provisioner'],
  '$JS.API.CONSUMER.CREATE.KV_CFG_registry.x': [...EACH, 'provisioner'],
  '$JS.API.CONSUMER.CREATE.KV_CFG_policy.x': ['policy', 'trust', 'budget', 'dispatcher', 'provisioner'],
  '$JS.API.CONSUMER.CREATE.KV_CFG_budget.x': ['policy', 'budget', 'dispatcher', 'provisioner'],
  '$JS.API.CONSUMER.CREATE.KV_CFG_guardrails.x': ['guardrails', 'dispatcher', 'provisioner'],
  ...Object.fromEntries(CONTROLS.map((c) => [`$JS.API.CONSUMER.MSG.NEXT.ING.${c}-ing`, [c, 'dispatcher']])),
  ...Object.fromEntries(CONTROLS.map((c) => [`$JS.ACK.ING.${c}-ing.1.1.1.1.1`, [c]])),
  '$JS.API.CONSUMER.MSG.NEXT.RES.dispatcher-res': ['dispatcher'],
  '$JS.API.CONSUMER.MSG.NEXT.FLOW.guardrails-scr': ['guardrails', 'dispatcher'],
  '$SYS.REQ.SERVER.PING': NOBODY,
  '$SYS.REQ.USER.AUTH': NOBODY,
};

/** Who may subscribe; everybody else is refused. */
const MAY_SUBSCRIBE: Readonly<Record<string, readonly ControlUser[]>> = {
  ...Object.fromEntries(CONTROL_USERS.map((user) => [`_INBOX_${user}.>`, [user]])),
  ...Object.fromEntries(EACH.map((service) => [`adm.${service}.>`, [service]])),
  'agt.*.*.status.*': ['dispatcher'],
  'agt.*.*.check.*': ['dispatcher'],
  'agt.*.*.usage.*': ['dispatcher'],
  'agt.*.*.peers.list': ['registry'],
  'agt.*.*.task.*': NOBODY,
  'ing.>': NOBODY,
  'res.>': NOBODY,
  'flow.>': NOBODY,
  'dlv.>': NOBODY,
  '$KV.>': NOBODY,
  '_INBOX.>': NOBODY,
  '_R_.>': NOBODY,
  '$JS.>': NOBODY,
  '$SYS.>': NOBODY,
  '>': NOBODY,
};

/** The server maps before it looks at permissions, and names the subject that it mapped to. */
function asked(subject: string): string {
  return subject
    .replace(/^ing\.\d+\.\d+\.o\.a\.mapped$/, 'agt.o.a.task.mapped')
    .replace(/^res\.\d+\.\d+\.o\.a\.mapped$/, 'agt.o.a.result.mapped');
}

let nats: TestNats;
const connections = new Map<ControlUser, NatsConnection>();
const refusals = new Map<ControlUser, Set<string>>();

beforeAll(async () => {
  nats = await testNats();
  for (const user of CONTROL_USERS) {
    const seen = new Set<string>();
    const authenticator = nkeyAuthenticator(Buffer.from(nats.keys.control[user].seed));
    const nc = await connect({ servers: nats.url, authenticator, inboxPrefix: `_INBOX_${user}` });
    void (async () => {
      for await (const status of nc.status())
        if (status.type === 'error') seen.add(asked(/to "(.*?)"( using|$)/.exec(status.error.message)?.[1] ?? ''));
    })();
    connections.set(user, nc);
    refusals.set(user, seen);
  }
});
afterAll(async () => {
  await Promise.all([...connections.values()].map((nc) => nc.close()));
  await nats.stop();
});

/** Of the subjects, those on which a user was not refused. */
async function allowed(
  user: ControlUser,
  subjects: readonly string[],
  act: (nc: NatsConnection, subject: string) => void,
): Promise<readonly string[]> {
  const nc = connections.get(user);
  const refused = refusals.get(user);
  if (nc === undefined || refused === undefined) throw new Error(`no connection of ${user}`);
  refused.clear();
  for (const subject of subjects) act(nc, subject);
  await nc.flush();
  await new Promise((resolve) => setTimeout(resolve, 20));
  return subjects.filter((subject) => !refused.has(subject));
}
const wanted = (table: typeof MAY_PUBLISH, user: ControlUser): readonly string[] =>
  Object.keys(table).filter((subject) => table[subject]?.includes(user));

describe.each(CONTROL_USERS)('the user %s', (user) => {
  it('may publish on its own subjects and on no other', async () => {
    const found = await allowed(user, Object.keys(MAY_PUBLISH), (nc, subject) => nc.publish(subject, 'x'));
    expect(found).toEqual(wanted(MAY_PUBLISH, user));
  });

  it('may hear its own inbox and its own questions and nothing else', async () => {
    const found = await allowed(user, Object.keys(MAY_SUBSCRIBE), (nc, subject) => {
      nc.subscribe(subject, { callback: () => undefined });
    });
    expect(found).toEqual(wanted(MAY_SUBSCRIBE, user));
  });
});

describe('the streams of an installation', () => {
  const cases: readonly (readonly [header: string, value: string, subject: string, user: ControlUser])[] = [
    ['Nats-Rollup', 'all', '$KV.CFG_registry.x', 'registry'],
    ['Nats-Rollup', 'sub', '$KV.CFG_registry.x', 'registry'],
    ['Nats-TTL', '1', '$KV.CFG_registry.x', 'registry'],
    ['Nats-TTL', '1', 'flow.0.vd.policy', 'policy'],
    ['Nats-Schedule', '@at 2100-01-01T00:00:00Z', 'flow.0.vd.policy', 'policy'],
    ['Nats-Incr', '1', 'flow.0.vd.policy', 'policy'],
    ['Nats-Rollup', 'all', 'flow.0.vd.policy', 'policy'],
    ['Nats-Batch-Id', 'b', 'flow.0.vd.policy', 'policy'],
  ];
  it.each(cases)('take no message with %s: %s on %s', async (header, value, subject, user) => {
    const set = headers();
    set.set(header, value);
    if (header === 'Nats-Schedule') set.set('Nats-Schedule-Target', 'flow.0.vd.trust');
    if (header === 'Nats-Batch-Id') set.set('Nats-Batch-Sequence', '1');
    const reply = await connections.get(user)?.request(subject, 'x', { headers: set, timeout: 2_000 });
    expect(reply?.json()).toMatchObject({ error: { err_code: expect.any(Number) } });
  });
});
