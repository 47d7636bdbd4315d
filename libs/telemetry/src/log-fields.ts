import type { TaskKey } from '@countersign/contracts';

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
  if (fields.task !== undefined)
    Object.assign(out, { org: fields.task.org, agent: fields.task.agent, task: fields.task.task });
  if (fields.error !== undefined) Object.assign(out, describeError(fields.error));
  return out;
}

/**
 * What of an error may be logged: its name and code; its message only when it is one of ours (it carries a stable code in capitals), because messages
 * of libraries quote their input.
 */
export function describeError(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code.slice(0, 60) : undefined;
  const ours = code !== undefined && /^[A-Z][A-Z_]{3,}$/.test(code) && !/^E[A-Z]+$/.test(code);
  return {
    error: error.name,
    ...(code === undefined ? {} : { errorCode: code }),
    ...(ours ? { errorMessage: withoutPassword(error.message).slice(0, MAX_TEXT) } : {}),
    at: firstFrame(error),
  };
}

function firstFrame(error: Error): string {
  const frame = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at ')) ?? '';
  return frame
    .trim()
    .replace(/\(?(?:file:\/\/)?\/[^)]*\/((?:services|libs|infra|node_modules)\/[^)]+)\)?$/, '$1')
    .slice(0, 160);
}

function withoutPassword(text: string): string {
  return text.replace(/(\w+:\/\/[^:/\s]+):[^@\s]+@/g, '$1:***@');
}
