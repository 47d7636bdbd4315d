import type { SpanRole } from './tracer.js';

interface SpanSpec {
  /** The name, or how it begins where what follows is a control or an agent. */
  readonly name: string;
  readonly service: string;
  readonly role: SpanRole;
  readonly meaning: string;
}

/** Every span of the product. The generated reference is made of it, and a journey compares it with what services send. */
export const SPANS = [
  {
    name: 'invoke_agent',
    service: 'dispatcher',
    role: 'server',
    meaning:
      'A round, from its message in the stream to its end: the end of the task or attempt, a hold, or the next round. Followed by the id of the target once registry knows the connection. Links the first round, and the span that the agent named.',
  },
  { name: 'publish ing', service: 'dispatcher', role: 'producer', meaning: 'The submission was stored.' },
  { name: 'publish rnd', service: 'dispatcher', role: 'producer', meaning: 'A later round or attempt was stored.' },
  {
    name: 'verdict',
    service: 'each control',
    role: 'consumer',
    meaning: 'A control judged the task, with a batch of others, until its signed verdict was stored.',
  },
  {
    name: 'release',
    service: 'dispatcher',
    role: 'internal',
    meaning: 'Released: from the last verdict to the committed decision. Links the six verdicts.',
  },
  { name: 'deny', service: 'dispatcher', role: 'internal', meaning: 'Denied. Links the verdicts that counted.' },
  { name: 'hold', service: 'dispatcher', role: 'internal', meaning: 'Held for people. Links the six verdicts.' },
  {
    name: 'await approval',
    service: 'dispatcher',
    role: 'internal',
    meaning: 'People were asked, about the task or its result; in the trace of the round that asked.',
  },
  { name: 'deliver', service: 'dispatcher', role: 'client', meaning: 'The hand-over to the target, and its outcome.' },
  { name: 'process result', service: 'dispatcher', role: 'consumer', meaning: 'A result, from its stream to the row.' },
  { name: 'verdict output', service: 'guardrails', role: 'consumer', meaning: 'The result was screened.' },
  { name: 'settle', service: 'budget', role: 'consumer', meaning: 'The money was settled or released.' },
  {
    name: 'audit append',
    service: 'audit',
    role: 'consumer',
    meaning: 'A transition was appended to the chain, at its position.',
  },
  {
    name: 'judge',
    service: 'each control',
    role: 'internal',
    meaning: 'One batch, in a trace of its own that links the verdict spans of those tasks whose traces are kept.',
  },
] as const satisfies readonly SpanSpec[];
