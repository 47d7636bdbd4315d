import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { sha256, SystemClock, SystemRandom } from '@countersign/primitives';
import { COMMANDS, PURPOSES, type CommandReply, type Signer } from '@countersign/contracts';
import { anId, testKeys, testNats, type TestNats } from '@countersign/testing';
import type { Bus } from './bus.js';
import { BusStrategy } from './bus-strategy.js';
import { CommandClient } from './command-client.js';
import { CommandRefused } from './errors.js';
import type { FrameReader } from './frame-reader.js';
import type { FrameWriter } from './frame-writer.js';
import { IdempotencyStore, type IdempotencyScope } from './idempotency.js';
import type { CommandContext, CommandExtras } from './patterns.js';
import { signedHeaders } from './publisher.js';

jest.setTimeout(60_000);

const keys = testKeys();
const parts = { bundle: keys.bundle, clock: new SystemClock(), random: new SystemRandom() };
const SET = COMMANDS.guardrails.setBaseline;
const SUBJECT = 'adm.guardrails.set-baseline';

/** Keeps answers as long as the test runs, with the promise of the port. */
class Remembered extends IdempotencyStore {
  readonly #answers = new Map<string, { readonly hash: string; readonly reply: CommandReply }>();
  async once(
    { verb, actor, key, requestHash }: IdempotencyScope,
    run: () => Promise<CommandReply>,
  ): Promise<CommandReply> {
    const id = `${verb} ${actor} ${key}`;
    const known = this.#answers.get(id);
    if (known !== undefined && known.hash !== requestHash)
      throw new CommandRefused('ALREADY_EXISTS', 'another request has this key');
    const reply = known?.reply ?? (await run());
    this.#answers.set(id, { hash: requestHash, reply });
    return reply;
  }
}

let nats: TestNats;
let served: Bus;
let operator: Bus;
let strategy: BusStrategy;
let carriedOut: { readonly body: unknown; readonly context: CommandContext }[];
let refusedSignatures: string[];
let failing: Error | undefined;

beforeAll(async () => {
  nats = await testNats();
  [served, operator] = [await nats.connect('guardrails'), await nats.connect('operator')];
});
afterAll(() => nats.stop());
beforeEach(async () => {
  [carriedOut, refusedSignatures, failing] = [[], [], undefined];
  strategy = new BusStrategy({
    ...parts,
    bus: served,
    key: keys.keyOf('guardrails'),
    frameWriter: {} as FrameWriter,
    frameReader: {} as FrameReader,
    models: [],
    idempotency: new Remembered(),
    events: { invalid: ({ failure }) => refusedSignatures.push(failure), error: () => undefined },
  });
  const handle = (body: unknown, context: CommandContext): Promise<unknown> => {
    carriedOut.push({ body, context });
    return failing === undefined ? Promise.resolve({ version: carriedOut.length }) : Promise.reject(failing);
  };
  strategy.addHandler(SUBJECT, handle as never, false, { command: SET } satisfies CommandExtras as never);
  await new Promise<void>((resolve) => strategy.listen(() => resolve()));
  await served.nc.flush();
});
afterEach(() => strategy.close());

const clientOf = (signer: Signer = 'operator'): CommandClient =>
  new CommandClient({ ...parts, bus: operator, key: keys.keyOf(signer), actor: { kind: 'operator', id: 'ann' } });
const envelope = (changes: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      nonce: parts.random.bytes(16).toString('base64url'),
      actor: { kind: 'operator', id: 'ann' },
      idempotencyKey: anId(Date.now()),
      body: { org: anId() },
      ...changes,
    }),
  );
const unanswered = async (request: Buffer, set?: MsgHdrs): Promise<string> =>
  operator.nc.request(SUBJECT, request, { timeout: 300, ...(set === undefined ? {} : { headers: set }) }).then(
    () => 'answered',
    () => 'unanswered',
  );

describe('a command', () => {
  it('is carried out once, however often it is sent under its idempotency key', async () => {
    const body = { org: anId() };
    const idempotencyKey = anId(Date.now());
    for (let i = 0; i < 3; i += 1) expect(await clientOf().call(SET, body, { idempotencyKey })).toEqual({ version: 1 });
    expect(carriedOut).toHaveLength(1);
    await expect(clientOf().call(SET, { org: anId() }, { idempotencyKey })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(await clientOf().call(SET, body)).toEqual({ version: 2 });
  });

  it('reaches its handler with who commanded and whose key signed', async () => {
    const idempotencyKey = anId(Date.now());
    await clientOf().call(SET, { org: anId() }, { idempotencyKey });
    const actor = { kind: 'operator', id: 'ann' };
    expect(carriedOut[0]?.context).toEqual({ actor, idempotencyKey, signer: 'operator' });
  });

  it('is refused with code and field when its body is not valid, and never reaches its handler', async () => {
    const refused = clientOf().call(SET, { org: 'no-id', more: 1 } as never);
    await expect(refused).rejects.toMatchObject({ code: 'REQUEST_INVALID', problem: { field: 'org' } });
    expect(carriedOut).toEqual([]);
  });

  it('is refused to a signer who may not send it', async () => {
    await expect(clientOf('trust').call(SET, { org: anId() })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(carriedOut).toEqual([]);
  });

  it('tells an expected refusal as it is, and of every other error only that trying again is safe', async () => {
    failing = new CommandRefused('NOT_FOUND', 'there is no such organisation', 'org');
    await expect(clientOf().call(SET, { org: anId() })).rejects.toMatchObject({
      problem: { code: 'NOT_FOUND', message: 'there is no such organisation', field: 'org' },
    });
    failing = new Error('password=hunter2');
    const error: unknown = await clientOf()
      .call(SET, { org: anId() })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE' });
    expect(String(error)).not.toContain('hunter2');
  });

  it('gets no answer at all without a signature that counts', async () => {
    const request = envelope();
    const good = keys.keyOf('operator').sign(PURPOSES.admin, SUBJECT, sha256(request));
    const repeated = signedHeaders(good);
    repeated.append('cs-kid', good.kid);
    const elsewhere = keys.keyOf('operator').sign(PURPOSES.admin, 'adm.guardrails.set-put', sha256(request));
    const asReply = keys.keyOf('operator').sign(PURPOSES.reply, SUBJECT, sha256(request));
    const wrong = [headers(), repeated, signedHeaders(elsewhere), signedHeaders(asReply)];
    for (const set of wrong) expect(await unanswered(request, set)).toBe('unanswered');
    expect(await unanswered(envelope(), signedHeaders(good))).toBe('unanswered');
    expect(refusedSignatures).toEqual(['malformed', 'malformed', 'signature', 'signature', 'signature']);
    expect(carriedOut).toEqual([]);
  });
});

describe('an answer to a command', () => {
  it('is not believed when another service gave it, or when it answers another request', async () => {
    await strategy.close();
    await served.nc.flush();
    const body = Buffer.from('{"ok":true,"result":{"version":99}}');
    const answers = served.nc.subscribe(SUBJECT, {
      callback: (_error, message) => {
        const exchange = { subject: SUBJECT, request: Buffer.from('another'), reply: body };
        const over = sha256(Buffer.concat([sha256(exchange.request), sha256(exchange.reply)]));
        message.respond(body, { headers: signedHeaders(keys.keyOf('guardrails').sign(PURPOSES.reply, SUBJECT, over)) });
      },
    });
    await served.nc.flush();
    await expect(clientOf().call(SET, { org: anId() })).rejects.toThrow(/did not sign \(signature\)/);
    answers.unsubscribe();
    await served.nc.flush();
    await expect(clientOf().call(SET, { org: anId() })).rejects.toThrow(/guardrails is not there/);
  });
});
