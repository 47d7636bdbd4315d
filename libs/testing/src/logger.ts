import { createLogger, type Logger } from '@countersign/telemetry';

/** A logger whose lines a test can look at. */
export interface CapturedLog {
  readonly logger: Logger;
  /** Everything logged until now, parsed. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

/** A logger that says nothing. */
export function silentLogger(service = 'test'): Logger {
  return createLogger({ service, level: 'silent' });
}

/** The real logger, writing into an array. */
export function capturedLog(service = 'test'): CapturedLog {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return { logger: createLogger({ service, level: 'debug', destination: { write } }), lines };
}
