import { headers as createHeaders } from '@nats-io/transport-node';
import { NobodyListens } from '@countersign/primitives';
import {
  deliveryReplySchema,
  deliverySubject,
  GRANT_HEADER,
  parseAs,
  TIMERS,
  type AgentRef,
} from '@countersign/contracts';
import type { Bus } from './bus.js';
import { jsonOf } from './messages.js';

/** What is known of a hand-over: taken; certainly not delivered; or nothing, which counts as delivered. */
export type HandOverOutcome = 'accepted' | 'not-delivered' | 'unknown';

/** Hands a released task to its target, once. No responders and the target's own refusal mean certainly not delivered; a time-out means nothing. */
export async function handOver(
  { requests }: Pick<Bus, 'requests'>,
  target: AgentRef,
  body: Uint8Array,
  grant: string,
): Promise<HandOverOutcome> {
  const headers = createHeaders();
  headers.set(GRANT_HEADER, grant);
  try {
    const reply = await requests.request(deliverySubject(target), body, { timeoutMs: TIMERS.handOver, headers });
    const parsed = parseAs(deliveryReplySchema, jsonOf(reply.data));
    return parsed.success && !parsed.data.accepted ? 'not-delivered' : 'accepted';
  } catch (error) {
    return error instanceof NobodyListens ? 'not-delivered' : 'unknown';
  }
}
