import { describe, expect, it } from '@jest/globals';
import type { Msg } from '@nats-io/transport-node';
import { sha256, uuidV7 } from '@countersign/primitives';
import { COMMANDS, commandSubject, CONTROLS, PURPOSES, type CommandReply } from '@countersign/contracts';
import { aSubmission, aTaskKey, FixedClock, SeededRandom, testKeys } from '@countersign/testing';
import { answerCommand } from './command-server.js';
import { signedHeaders } from './publisher.js';

const keys = testKeys();
const clock = new FixedClock();
const random = new SeededRandom('commands');

describe('a dry run', () => {
  it.each(CONTROLS)('of %s is not answered while what it judges by is stale', async (control) => {
    const key = aTaskKey({ at: clock.now() });
    const { body } = aSubmission({ key });
    const envelope = {
      nonce: 'AAAAAAAAAAA',
      actor: { kind: 'service', id: 'dispatcher' },
      idempotencyKey: uuidV7(clock.now(), random),
      body: { task: key, envelope: body.toString('base64') },
    };
    const subject = commandSubject(control, 'dry-run');
    const data = Buffer.from(JSON.stringify(envelope));
    const headers = signedHeaders(keys.keyOf('dispatcher').sign(PURPOSES.admin, subject, sha256(data)));
    const replies: CommandReply[] = [];
    const respond = (reply: Uint8Array): boolean =>
      replies.push(JSON.parse(Buffer.from(reply).toString('utf8')) as CommandReply) > 0;
    let fresh = true;
    const parts = {
      ...{ bundle: keys.bundle, clock, key: keys.keyOf(control), idempotency: undefined },
      models: [{ name: 'registry', fresh: () => fresh }],
      onRefusedSignature: (): void => undefined,
      onError: (): void => undefined,
    };
    const handle = (): Promise<unknown> =>
      Promise.resolve({ decision: 'APPROVE', codes: [], details: {}, versions: {} });
    const ask = (): Promise<void> =>
      answerCommand(parts, { command: COMMANDS[control].dryRun, handle }, {
        subject,
        data,
        headers,
        respond,
      } as unknown as Msg);
    await ask();
    fresh = false;
    await ask();
    expect(replies.map((reply) => (reply.ok ? 'answered' : reply.problem.code))).toEqual([
      'answered',
      'TEMPORARILY_UNAVAILABLE',
    ]);
  });
});
