import { isInstant } from '@countersign/primitives';
import { z } from 'zod';

/** The six controls, in the order that decides which of their codes is the primary one. The list is closed: adding a name makes the compiler list the rest. */
export const CONTROLS = ['registry', 'policy', 'guardrails', 'trust', 'budget', 'audit'] as const;
/** A service whose approval is required for every task. */
export type Control = (typeof CONTROLS)[number];

/** Everyone who signs: the controls, the dispatcher, and the people's side. */
export const SIGNERS = [...CONTROLS, 'dispatcher', 'operator', 'gateway'] as const;
/** Whoever holds an Ed25519 key in the trust bundle. */
export type Signer = (typeof SIGNERS)[number];

/** A lower-case UUIDv7. */
export const uuidSchema = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'must be a lower-case UUIDv7');
/** A lower-case UUIDv8: an identifier that is derived from what it names, as those of events and observations are. */
export const derivedIdSchema = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'must be a lower-case UUIDv8');
/** `sha256:` and 64 lower-case hexadecimal digits. */
export const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits');
const INSTANT_RULE = 'must be ISO 8601 UTC with milliseconds, a day that exists, from 1970 on';
/** ISO 8601 UTC with milliseconds, a day that exists, from 1970 on: whoever parsed it can reckon with it and store it. */
export const instantSchema = z
  .string()
  .regex(/^(19[7-9]\d|[2-9]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/, {
    error: INSTANT_RULE,
    abort: true,
  })
  .refine(isInstant, INSTANT_RULE);
/** Micros as a decimal string, zero or more, that PostgreSQL's bigint holds. */
export const microsSchema = z
  .string()
  .regex(/^(0|[1-9]\d{0,17})$/, 'must be a whole number of micros as a decimal string');
/** 64 random bits, base64url. */
export const nonceSchema = z.string().regex(/^[A-Za-z0-9_-]{11,43}$/, 'must be a random nonce in base64url');
/** The name of an organisation or agent for people. */
export const slugSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z, 0-9 and -, not starting with -');

/** Identity of a task: client organisation, client agent, task id. Organisation and agent come from the subject, which the server enforces. */
export interface TaskKey {
  readonly org: string;
  readonly agent: string;
  readonly task: string;
}

/** One agent of one organisation. */
export interface AgentRef {
  readonly org: string;
  readonly agent: string;
}

/** The key as one string, for maps and log lines. */
export function taskKeyText(key: TaskKey): string {
  return `${key.org}/${key.agent}/${key.task}`;
}

/** Schema of {@link AgentRef}. */
export const agentRefSchema = z.object({ org: uuidSchema, agent: uuidSchema });
/** Schema of {@link TaskKey} in commands. */
export const taskKeySchema = z.object({ org: uuidSchema, agent: uuidSchema, task: uuidSchema });
