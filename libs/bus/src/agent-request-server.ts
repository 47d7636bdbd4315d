import type { Msg } from '@nats-io/transport-node';
import { utf8 } from '@countersign/primitives';
import { agentRequestSchema, type AgentRef, type RequestRefusal } from '@countersign/contracts';
import { signReply, type SigningKey } from '@countersign/identity';
import { bufferOf, jsonOf } from './messages.js';
import type { AgentRequest } from './patterns.js';
import { signedHeaders } from './publisher.js';
import { BoundedAsking, RequestRate } from './request-rate.js';

const PERIOD_MS = 10_000;
const ALERT_MS = 60_000;

/** What answering agents needs. */
export interface AgentRequestParts {
  readonly key: SigningKey;
  /** How many requests of one agent are answered in 10 s. */
  readonly limit: number;
  /** Told of an agent that asks so much that it is not even refused any more; at most once a minute. */
  readonly onFlood: (agent: AgentRef) => void;
  /** As of {@link RequestRate}. */
  readonly now?: () => number;
}

/**
 * Answers what agents ask, signed over the question. Over the limit an agent is refused before anything is looked up for it.
 */
export class AgentRequestServer {
  readonly #asking: BoundedAsking;
  readonly #alerts: RequestRate;

  constructor(private readonly parts: AgentRequestParts) {
    const { limit, now } = parts;
    this.#asking = new BoundedAsking({ limit, periodMs: PERIOD_MS }, now);
    this.#alerts = new RequestRate({ limit: 1, periodMs: ALERT_MS }, now);
  }

  /** Answers one request; one that nobody could verify an answer to, for it has no nonce, gets none. */
  async answer(message: Msg, handle: (asked: AgentRequest) => Promise<unknown>): Promise<void> {
    const { subject } = message;
    const [, org = '', agent = '', , id = ''] = subject.split('.');
    const asked = this.#asking.ask(`${org}/${agent}`);
    if (asked.kind === 'silence') return this.#tell({ org, agent });
    const request = bufferOf(message.data);
    const body = jsonOf(request);
    if (!agentRequestSchema.safeParse(body).success) return;
    const said = asked.kind === 'refuse' ? refusal(asked.retryAfterMs) : await handle({ org, agent, id, body });
    const reply = utf8(JSON.stringify(said));
    message.respond(reply, { headers: signedHeaders(signReply(this.parts.key, { subject, request, reply })) });
  }

  #tell(agent: AgentRef): void {
    if (this.#alerts.take(`${agent.org}/${agent.agent}`) === 0) this.parts.onFlood(agent);
  }
}

function refusal(retryAfterMs: number): RequestRefusal {
  const message = 'this agent asks too much in a short time';
  return { ok: false, code: 'INTAKE_LIMITED', message, retryAfterMs };
}
