/**
 * Everything that may stand on a span, by the short name that services use. The list is closed: no payload, no secret and no personal datum has a place in it.
 * Names follow the OpenTelemetry semantic conventions 1.45 (messaging, GenAI) and `countersign.*` for what they do not know.
 */
export const SPAN_ATTRIBUTES = {
  org: 'countersign.org',
  /** The client's agent, which submitted the task. */
  agent: 'countersign.agent',
  task: 'messaging.message.conversation_id',
  attempt: 'countersign.attempt',
  round: 'countersign.round',
  operation: 'gen_ai.operation.name',
  /** The agent that is invoked. */
  target: 'gen_ai.agent.id',
  control: 'countersign.control',
  decision: 'countersign.decision',
  code: 'countersign.reason_code',
  clause: 'countersign.clause',
  state: 'countersign.state',
  taskType: 'countersign.task_type',
  score: 'countersign.trust.score',
  level: 'countersign.trust.level',
  reservedMicros: 'countersign.cost.reserved_micros',
  chargedMicros: 'countersign.cost.charged_micros',
  guardrailVerdict: 'gen_ai.guardrail.verdict.type',
  guardrailAction: 'gen_ai.guardrail.action.type',
  position: 'countersign.record.position',
  entry: 'countersign.record.kind',
  outcome: 'countersign.outcome',
  waitedMs: 'countersign.approval.waited_ms',
  batchSize: 'messaging.batch.message_count',
  system: 'messaging.system',
  destination: 'messaging.destination.template',
  consumer: 'messaging.consumer.group.name',
  operationType: 'messaging.operation.type',
  redelivered: 'countersign.redelivered',
  /** Of a root: `linked`, or `invalid` where the agent sent something that is no traceparent. Of a link: that an agent named it, not we. */
  foreignTrace: 'countersign.agent_traceparent',
} as const;
/** Short name of an attribute. */
export type SpanAttribute = keyof typeof SPAN_ATTRIBUTES;
/** Attributes of a span; identifiers, codes, numbers and versions only. */
export type SpanAttributes = { readonly [A in SpanAttribute]?: string | number | boolean | undefined };

const NAMES: ReadonlyMap<string, string> = new Map(Object.entries(SPAN_ATTRIBUTES));
const MAX_TEXT = 200;

/** The attributes under their full names; whatever else was handed in (a cast, a spread) is dropped, long text is cut. */
export function namedAttributes(attributes: SpanAttributes): Record<string, string | number | boolean> {
  const out: Record<string, string | number | boolean> = {};
  // what is handed in is short, the list is long
  for (const [short, value] of Object.entries(attributes) as [string, unknown][]) {
    const name = NAMES.get(short);
    if (name === undefined) continue;
    if (typeof value === 'string') out[name] = value.slice(0, MAX_TEXT);
    else if (typeof value === 'number' || typeof value === 'boolean') out[name] = value;
  }
  return out;
}
