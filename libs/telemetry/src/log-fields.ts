import { traceIdOf, type TaskKey } from '@countersign/contracts';

/** Everything that may stand beside a log line. The list is closed: no payload, no secret, no personal datum has a place in it. */
export interface LogFields {
  readonly task?: TaskKey;
  readonly attempt?: number;
  readonly round?: number;
  readonly traceId?: string;
  readonly org?: string;
  readonly agent?: string;
  readonly connection?: string;
  readonly code?: string;
  readonly control?: string;
  readonly state?: string;
  readonly severity?: string;
  readonly subject?: string;
  readonly seq?: number;
  readonly failure?: string;
  readonly count?: number;
  readonly ms?: number;
  readonly port?: number;
  readonly version?: string | number;
  readonly url?: string;
  readonly file?: string;
  readonly error?: unknown;
}

const PLAIN = new Set([
  'attempt',
  'round',
  'traceId',
  'org',
  'agent',
  'connection',
  'code',
  'control',
  'state',
  'severity',
  'subject',
  'seq',
  'failure',
  'count',
  'ms',
  'port',
  'version',
  'url',
  'file',
]);
const MAX_TEXT = 300;

/** Reduces fields to the allow-list; whatever else was handed in (a cast, a spread) is dropped. */
export function safeFields(fields: LogFields): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (PLAIN.has(name) && (typeof value === 'number' || typeof value === 'string'))
      out[name] = typeof value === 'string' ? withoutPassword(value).slice(0, MAX_TEXT) : value;
  }
  if (fields.task !== undefined) Object.assign(out, identityOf(fields.task, fields));
  if (fields.error !== undefined) Object.assign(out, describeError(fields.error));
  return out;
}

/** A task and the trace that a line about it belongs to: of the round that the line names, else of the first one, which later ones link. */
function identityOf(key: TaskKey, { attempt = 1, round = 1 }: LogFields): Record<string, string> {
  return { org: key.org, agent: key.agent, task: key.task, traceId: traceIdOf({ key, attempt, round }) };
}

/**
 * What of an error may be logged: its class and code; its message only when it is one of ours (made in our code, with a
 * stable code in capitals), because messages of Node.js and of libraries quote their input.
 */
export function describeError(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code.slice(0, 60) : undefined;
  const frame = firstFrame(error);
  const ours = code !== undefined && OUR_CODE.test(code) && OUR_FRAME.test(frame);
  return {
    error: error.name === 'Error' ? error.constructor.name : error.name,
    ...(code === undefined ? {} : { errorCode: code }),
    ...(ours ? { errorMessage: withoutPassword(error.message).slice(0, MAX_TEXT) } : {}),
    at: frame,
  };
}

/** Codes of system calls (ENOENT) and of Node.js (ERR_...) are not ours. */
const OUR_CODE = /^(?!ERR_)(?!E[A-Z0-9]+$)[A-Z][A-Z_]{3,}$/;
const OUR_FRAME = /(^|[\s(/])(services|libs|infra|bench|e2e)\/(?!.*node_modules)/;
const LOCATION = /\(?(?:file:\/\/)?\/[^)]*?\/((?:services|libs|infra|bench|e2e|node_modules)\/[^)]+)\)?$/;

function firstFrame(error: Error): string {
  const frame = error.stack?.split('\n').find((line) => /^\s+at \S/.test(line)) ?? '';
  return frame.trim().replace(LOCATION, '$1').slice(0, 160);
}

/** Takes the secrets out of URLs: a password, a token in the place of a user, and what a query names as one. */
function withoutPassword(text: string): string {
  return text
    .replace(/(\w+:\/\/)([^:@/\s]*)(:\S*)?@/g, (_all, scheme: string, user: string, password?: string) =>
      password === undefined ? `${scheme}***@` : `${scheme}${user}:***@`,
    )
    .replace(/([?&][\w-]*(?:password|passwd|token|secret|key|sig)[\w-]*=)[^&\s]+/gi, '$1***');
}
