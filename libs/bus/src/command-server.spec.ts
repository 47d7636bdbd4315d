import { describe, expect, it } from '@jest/globals';
import type { Msg } from '@nats-io/transport-node';
import { sha256, uuidV7 } from '@countersign/primitives';
import {
  COMMAND_KEY_MS,
  COMMANDS,
  commandSubject,
  CONTROLS,
  PURPOSES,
  type CommandReply,
} from '@countersign/contracts';
import { anId, aSubmission, aTaskKey, FixedClock, SeededRandom, testKeys } from '@countersign/testing';
import { SigningKey } from '@countersign/identity';
import { answerCommand, type CommandServerParts, type ServedCommand } from './command-server.js';
import { People, type Person } from './people.js';
import { signedHeaders } from './publisher.js';
import { BoundedAsking } from './request-rate.js';

const keys = testKeys();
const clock = new FixedClock();
const random = new SeededRandom('commands');

interface Sending {
  readonly fresh?: boolean;
  readonly keyAt?: number;
  /** Whose key signs it, when it is no program's. */
  readonly person?: SigningKey;
  readonly parts?: Pick<CommandServerParts, 'people' | 'asking'>;
}

/** Sends a command in the name of the dispatcher, the operator or a person; answers the reply. */
async function sent(
  served: ServedCommand,
  body: unknown,
  { fresh = true, keyAt = clock.now(), person, parts }: Sending = {},
): Promise<CommandReply | undefined> {
  const { command } = served;
  const signer = command.verb === 'dry-run' ? 'dispatcher' : 'operator';
  const actor = { kind: 'service', id: signer };
  const envelope = { nonce: 'AAAAAAAAAAA', actor, idempotencyKey: uuidV7(keyAt, random), body };
  const subject = commandSubject(command.service, command.verb);
  const data = Buffer.from(JSON.stringify(envelope));
  const headers = signedHeaders((person ?? keys.keyOf(signer)).sign(PURPOSES.admin, subject, sha256(data)));
  let reply: CommandReply | undefined;
  const respond = (bytes: Uint8Array): boolean => {
    reply = JSON.parse(Buffer.from(bytes).toString('utf8')) as CommandReply;
    return bytes.length <= 1_000_000;
  };
  await answerCommand(
    {
      ...{ bundle: keys.bundle, clock, key: keys.keyOf(command.service), idempotency: undefined },
      models: [{ name: 'registry', fresh: () => fresh, stalenessMs: () => 0 }],
      onRefusedSignature: () => undefined,
      onError: () => undefined,
      ...parts,
    },
    served,
    { subject, data, headers, respond } as unknown as Msg,
  );
  return reply;
}

const codeOf = (reply: CommandReply | undefined): string | undefined => {
  if (reply?.ok === true) return 'answered';
  return reply?.problem.code;
};

describe('a dry run', () => {
  it.each(CONTROLS)('of %s is not answered while what it judges by is stale', async (control) => {
    const key = aTaskKey({ at: clock.now() });
    const body = { task: key, envelope: aSubmission({ key }).body.toString('base64') };
    const answer = { decision: 'APPROVE', codes: [], details: {}, versions: {} };
    const served = { command: COMMANDS[control].dryRun, handle: () => Promise.resolve(answer) };
    expect(codeOf(await sent(served, body))).toBe('answered');
    expect(codeOf(await sent(served, body, { fresh: false }))).toBe('TEMPORARILY_UNAVAILABLE');
  });
});

describe('an answer', () => {
  it('that no message holds is a refusal that says so', async () => {
    const answerOf = (differences: readonly string[]) => ({
      command: COMMANDS.budget.check,
      handle: () => Promise.resolve({ balanced: false, differences }),
    });
    expect(codeOf(await sent(answerOf(['one']), { org: anId() }))).toBe('answered');
    expect(codeOf(await sent(answerOf(['x'.repeat(1_000_000)]), { org: anId() }))).toBe('PAYLOAD_TOO_LARGE');
  });
});

describe('the key of a program’s command', () => {
  const asked = async (ms: number): Promise<string> => {
    let runs = 0;
    const handle = async (): Promise<object> => ({ balanced: (runs += 1) > 0, differences: [] });
    const reply = await sent({ command: COMMANDS.budget.check, handle }, { org: anId() }, { keyAt: clock.now() + ms });
    const field = reply?.ok === false ? ` ${reply.problem.field ?? ''}` : '';
    return `${codeOf(reply) ?? 'silence'}${field}, ${String(runs)} runs`;
  };

  it('is good for as long as its answer is remembered', async () => {
    expect(await asked(-COMMAND_KEY_MS.program)).toBe('answered, 1 runs');
    expect(await asked(-COMMAND_KEY_MS.program - 1)).toBe('REQUEST_INVALID idempotencyKey, 0 runs');
  });

  it('is not of the future, but for clocks that differ', async () => {
    expect(await asked(COMMAND_KEY_MS.ahead)).toBe('answered, 1 runs');
    expect(await asked(COMMAND_KEY_MS.ahead + 1)).toBe('REQUEST_INVALID idempotencyKey, 0 runs');
  });
});

describe('a person who sends more than they may', () => {
  const org = anId();
  const [ann, bob] = [SigningKey.generate('operator'), SigningKey.generate('operator')];
  class Two extends People {
    override byKeyId(kid: string): Person | undefined {
      const key = [ann, bob].find((known) => known.kid === kid);
      const publicKey = key?.publicKey.toString('base64url');
      if (publicKey === undefined) return undefined;
      return {
        org,
        operator: anId(),
        name: 'one',
        roles: ['OWNER'],
        kid,
        publicKey,
        status: 'ACTIVE',
        forCause: false,
      };
    }
    override fresh(): boolean {
      return true;
    }
  }

  it('is refused before anything is done for them, then left without an answer, and answered again later; others are not concerned', async () => {
    let [now, runs] = [0, 0];
    const parts = { people: new Two(), asking: new BoundedAsking({ limit: 2, periodMs: 10_000 }, () => now) };
    const command = COMMANDS.registry.agentList;
    const handle = (): Promise<object> => Promise.resolve({ agents: [(runs += 1)].slice(1) });
    const asks = async (person: SigningKey): Promise<string> =>
      codeOf(await sent({ command, handle }, { org }, { person, parts })) ?? 'silence';
    const five = [await asks(ann), await asks(ann), await asks(ann), await asks(ann), await asks(ann)];
    expect(five).toEqual(['answered', 'answered', 'INTAKE_LIMITED', 'INTAKE_LIMITED', 'silence']);
    expect(runs).toBe(2);
    expect(await asks(bob)).toBe('answered');
    const operators = { command, handle };
    expect(codeOf(await sent(operators, { org }, { parts }))).toBe('answered');
    now += 5_000;
    expect(await asks(ann)).toBe('answered');
  });
});
