import { z } from 'zod';

const value = z
  .object({
    stringValue: z.string().optional(),
    intValue: z.union([z.string(), z.number()]).optional(),
    doubleValue: z.number().optional(),
    boolValue: z.boolean().optional(),
  })
  .transform(
    (v) => v.stringValue ?? v.boolValue ?? v.doubleValue ?? (v.intValue === undefined ? '' : Number(v.intValue)),
  );
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .default([])
  .transform((list) => Object.fromEntries(list.map((entry) => [entry.key, entry.value])));
const nanos = z.union([z.string(), z.number()]).transform((n) => Number(BigInt(n) / 1_000n) / 1_000);

const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(''),
  name: z.string(),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string(), attributes })).default([]),
  status: z.object({ code: z.number().default(0), message: z.string().default('') }).default({ code: 0, message: '' }),
});
const requestSchema = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes }).default({ attributes: {} }),
        scopeSpans: z.array(z.object({ spans: z.array(spanSchema).default([]) })).default([]),
      }),
    )
    .default([]),
});

/** A span as it was received; instants in ms. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  readonly service: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: Readonly<Record<string, string | number | boolean>>;
  }[];
  readonly failed: string | undefined;
}

const FAILED = 2;

/** Reads the body of `POST /v1/traces` in OTLP's JSON form; throws for anything else. */
export function readOtlpTraces(body: string): readonly ReceivedSpan[] {
  return requestSchema.parse(JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parent: span.parentSpanId === '' ? undefined : span.parentSpanId,
        service: String(resource.attributes['service.name'] ?? ''),
        name: span.name,
        start: span.startTimeUnixNano,
        end: span.endTimeUnixNano,
        attributes: span.attributes,
        links: span.links,
        failed: span.status.code === FAILED ? span.status.message : undefined,
      })),
    ),
  );
}
