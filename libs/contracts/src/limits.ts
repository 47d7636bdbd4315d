/** Largest envelope and largest result, in bytes. */
export const MAX_BODY_BYTES = 256 * 1024;
/** How many lists and objects may stand in each other in JSON that a stranger wrote. */
export const MAX_JSON_DEPTH = 64;
/** Largest message of ING and RES with headers and the line of a round, in bytes. */
export const MAX_MESSAGE_BYTES = 320 * 1024;
/** Largest frame, in bytes. */
export const MAX_FRAME_BYTES = 512 * 1024;
/** Most items of one frame. */
export const MAX_FRAME_ITEMS = 10_000;
/** How far the time in a task id may be off the stream's timestamp. */
export const MAX_ID_SKEW_MS = 10 * 60_000;
/** Most reasons of one item. */
export const MAX_CODES = 64;
/** How many times what it may submit an agent may ask (`status`, `peers.list`, `check`, `usage`), and that where nobody says what it may submit: in 10 s, of each replica. */
export const AGENT_REQUESTS = { perSubmission: 10, per10s: 1_000 } as const;
/** How many commands a person may send each replica of a service in 10 s: a person with a loop is told to wait, and 300 approvals at once are not. */
export const PEOPLE_COMMANDS_PER_10S = 300;
/** Most messages of one batch. */
export const MAX_BATCH = 64;
/** Partitions of task ids and of organisations; fixed at install. */
export const TASK_PARTITIONS = 64;
/** Partitions of organisations. */
export const ORG_PARTITIONS = 16;
/** A read model whose last tick is older than this denies. */
export const MAX_STALENESS_MS = 3_000;
/**
 * How old the idempotency key of a command may be, by the time in it, and how far ahead. Of a person's command little: whoever kept the signed bytes cannot send them again later. Of a program's as long as
 * answers are remembered at least: a command that the log has forgotten would be carried out a second time.
 */
export const COMMAND_KEY_MS = { person: 10 * 60_000, program: 7 * 86_400_000, ahead: 10 * 60_000 } as const;
/** How long a verdict may be acted on. */
export const VERDICT_VALIDITY_MS = 60_000;

/** Largest amount of money on the wire, in micros: what is estimated or charged beyond it counts as this. */
export const MAX_AMOUNT_MICROS = 10n ** 18n - 1n;

/** The timers of the saga, in milliseconds. */
export const TIMERS = {
  /** From the stream's timestamp of the task to that of a verdict that counts. */
  verdict: 5_000,
  /** After the first denial, how long further reasons are collected. */
  collect: 100,
  /** From the release decision to the claim. */
  release: 10_000,
  /** From the claim to the target's acceptance. */
  handOver: 5_000,
  /** How long a person has to approve. */
  approval: 4 * 3_600_000,
  /** After a cancel signal. */
  cancelGrace: 30_000,
  /** From the result to the verdict of output screening. */
  screen: 30_000,
  /** After the deadline, before money is settled without a report. */
  settle: 15 * 60_000,
  /** Release must follow the last approval within this. */
  releaseAfterApproval: 15 * 60_000,
} as const;

/** A task's deadline where it names none, and the longest it may name, from submission. */
export const DEADLINE = { default: 15 * 60_000, max: 60 * 60_000, minAfterHold: 5 * 60_000 } as const;
/** Most rounds of one attempt. */
export const MAX_ROUNDS = 3;
