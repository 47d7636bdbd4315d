import { readFileSync } from 'node:fs';
import type { MsgHdrs } from '@nats-io/transport-node';
import type { Bus } from '@countersign/bus';
import { commandSubject, type CommandSpec, type RequestOf, type Signer } from '@countersign/contracts';
import { SigningKey } from '@countersign/identity';
import { SystemRandom, toBase64Url, utf8 } from '@countersign/primitives';
import { forgedMessage, newId } from './attacker.js';
import type { RunningSystem } from './running-system.js';

/** A message as it stands in a stream, to be played again byte by byte. */
export interface Recorded {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

/** Everything that a stream holds under a subject, as a reader with the password sees it. */
export async function recorded(bus: Bus, stream: string, subject: string): Promise<readonly Recorded[]> {
  const consumer = await bus.js.consumers.get(stream, { filter_subjects: subject, deliver_policy: 'all' as never });
  const out: Recorded[] = [];
  for (;;) {
    const batch = await consumer.fetch({ max_messages: 500, expires: 1_000 });
    const before = out.length;
    for await (const { subject: on, data, headers } of batch) out.push({ subject: on, data, headers });
    if (out.length === before) return out;
  }
}

/** Publishes what was recorded once more, with its own signature. */
export async function replay(bus: Bus, messages: readonly Recorded[]): Promise<void> {
  for (const { subject, data, headers } of messages)
    await bus.js.publish(subject, data, headers === undefined ? {} : { headers: onlySignature(headers) });
}

/** Sends a command under somebody's name without that one's key; whether anybody answered. */
export async function commandAs<C extends CommandSpec>(
  bus: Bus,
  { spec, body, key }: { readonly spec: C; readonly body: RequestOf<C>; readonly key?: SigningKey },
): Promise<boolean> {
  const subject = commandSubject(spec.service, spec.verb);
  const request = utf8(
    JSON.stringify({
      nonce: toBase64Url(new SystemRandom().bytes(16)),
      actor: { kind: 'operator', id: 'local' },
      idempotencyKey: newId(),
      body,
    }),
  );
  const headers = key === undefined ? undefined : forgedMessage(key, 'admin', { subject, body: request });
  const options = headers === undefined ? { timeout: 700 } : { timeout: 700, headers };
  return bus.nc.request(subject, request, options).then(
    () => true,
    () => false,
  );
}

/** The real key of a service: what no thief of a password has. It shows that nothing but the key was missing. */
export function realKey({ system }: RunningSystem, service: Signer): SigningKey {
  return SigningKey.fromPem(service, readFileSync(system.installation.file(`${service}.pem`), 'utf8'));
}

function onlySignature(headers: MsgHdrs): MsgHdrs {
  for (const name of headers.keys()) if (!name.startsWith('cs-')) headers.delete(name);
  return headers;
}
