import { pino, type DestinationStream } from 'pino';
import { safeFields, type LogFields } from './log-fields.js';

/** Levels of a log line, most talkative first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
/** A level of a log line. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What raises an alert: always logged at error level with `alert`. */
export type AlertKind =
  | 'INVALID_FRAME'
  | 'STATE_MISMATCH'
  | 'AUDIT_WRITE_FAILING'
  | 'AUDIT_CHAIN_BROKEN'
  | 'REVOKED_CREDENTIAL_USED'
  | 'BUDGET_THRESHOLD'
  | 'BUDGET_OVERRUN'
  | 'INTAKE_FLOOD'
  | 'LOG_TAIL_LOST'
  | 'NO_ELIGIBLE_APPROVER'
  | 'APPROVAL_FATIGUE'
  | 'CANARY_LEAK'
  | 'CROSS_ORG_CANARY_LEAK';

/** Writes structured log lines. Messages are fixed texts; whatever varies is a field of the allow-list. */
export abstract class Logger {
  abstract debug(message: string, fields?: LogFields): void;
  abstract info(message: string, fields?: LogFields): void;
  abstract warn(message: string, fields?: LogFields): void;
  abstract error(message: string, fields?: LogFields): void;
  /** An event that an alert rule fires on. */
  abstract alert(kind: AlertKind, fields?: LogFields): void;
}

/** How a logger is made. */
export interface LoggerOptions {
  readonly service: string;
  readonly level: LogLevel;
  /** Where lines go; standard output when absent. */
  readonly destination?: DestinationStream;
  /** Hears of every alert, to count it. */
  readonly onAlert?: (kind: AlertKind) => void;
}

/** A logger that writes one JSON object a line. */
export function createLogger({ service, level, destination, onAlert }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const out = destination === undefined ? pino(options) : pino(options, destination);
  const line =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}) =>
      out[name](safeFields(fields), message);
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    alert: (kind, fields = {}) => {
      onAlert?.(kind);
      out.error({ ...safeFields(fields), alert: kind }, 'alert');
    },
  };
}
