import { sha256 } from '@countersign/primitives';
import { traceIdOf, type Evaluation } from '@countersign/contracts';

/** Span id of an evaluation's root: every service derives it, so that a verdict can name its parent before the dispatcher has written the root. */
export function rootSpanId(evaluation: Evaluation): string {
  return rootSpanIdIn(traceIdOf(evaluation));
}

/** Span id of the root of a trace. */
export function rootSpanIdIn(traceId: string): string {
  return sha256(`countersign/root-span/v1\0${traceId}`).toString('hex', 0, 8);
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** Reads a W3C `traceparent`; undefined for anything but one well-formed value of version 00 that is not all zeros. */
export function readTraceparent(
  value: string | undefined,
): { readonly traceId: string; readonly spanId: string } | undefined {
  const [, traceId, spanId] = TRACEPARENT.exec(value ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return /^0+$/.test(traceId) || /^0+$/.test(spanId) ? undefined : { traceId, spanId };
}
