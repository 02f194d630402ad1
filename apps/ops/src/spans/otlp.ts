import { DomainError } from '@orders/contracts';
import { z } from 'zod';
import type { Span } from './span.js';

const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const FAILED = 2;
const MAX_ATTRIBUTES = 64;
const MAX_TEXT = 512;

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`, 'i'));
const nanoseconds = z.union([z.string().regex(/^\d{1,20}$/), z.int().nonnegative()]);
const attribute = z.object({
  key: z.string(),
  value: z
    .object({
      stringValue: z.string(),
      intValue: z.union([z.string(), z.number()]),
      doubleValue: z.union([z.number(), z.string()]),
      boolValue: z.boolean(),
      arrayValue: z.object({ values: z.array(z.object({ stringValue: z.string().optional() })).optional() }),
    })
    .partial()
    .optional(),
});
const attributes = z.array(attribute).default([]);

/** The part of an export of OTLP 1.x that is kept, as protobuf's JSON has it. Fields that it does not name are ignored. */
const exportRequest = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes }).optional(),
        scopeSpans: z
          .array(
            z.object({
              spans: z
                .array(
                  z.object({
                    traceId: hex(32),
                    spanId: hex(16),
                    parentSpanId: z.union([hex(16), z.literal('')]).default(''),
                    name: z.string(),
                    kind: z.int().min(0).max(5).default(1),
                    startTimeUnixNano: nanoseconds,
                    endTimeUnixNano: nanoseconds,
                    attributes,
                    links: z.array(z.object({ traceId: hex(32), spanId: hex(16) })).default([]),
                    status: z.object({ code: z.int().default(0) }).optional(),
                  }),
                )
                .default([]),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

type Attribute = z.output<typeof attribute>;
type Exported = NonNullable<
  z.output<typeof exportRequest>['resourceSpans'][number]['scopeSpans'][number]['spans'][number]
>;

/**
 * The spans of an export.
 *
 * @throws {DomainError} `malformed-request` with the place of what is no export
 */
export function spansOf(body: unknown): Span[] {
  const { data, error } = exportRequest.safeParse(body);
  if (!data) {
    const [issue] = error.issues;
    const place = `/${(issue?.path ?? []).join('/')}`;
    const errors = [{ pointer: place, detail: issue?.message ?? 'is wrong' }];
    throw new DomainError('malformed-request', `${place}: is no export of OTLP`, { errors });
  }
  return data.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = textsOf(resource?.attributes ?? [])['service.name'] ?? 'unknown';
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => spanOf(span, service)));
  });
}

function spanOf(span: Exported, service: string): Span {
  const startMs = milliseconds(span.startTimeUnixNano);
  return {
    traceId: span.traceId.toLowerCase(),
    spanId: span.spanId.toLowerCase(),
    parentSpanId: span.parentSpanId.toLowerCase(),
    service: service.slice(0, MAX_TEXT),
    name: span.name.slice(0, MAX_TEXT),
    kind: KINDS[span.kind] ?? 'internal',
    startMs,
    durationMs: Math.max(0, milliseconds(span.endTimeUnixNano) - startMs),
    failed: span.status?.code === FAILED,
    attributes: textsOf(span.attributes),
    links: span.links.slice(0, MAX_ATTRIBUTES).map((link) => ({ ...link })),
  };
}

/** Microseconds are exact: as a number, nanoseconds since 1970 are not. */
function milliseconds(nanoseconds: string | number): number {
  return Number(BigInt(nanoseconds) / 1_000n) / 1_000;
}

function textsOf(list: readonly Attribute[]): Record<string, string> {
  return Object.fromEntries(
    list.slice(0, MAX_ATTRIBUTES).map(({ key, value }) => [key.slice(0, MAX_TEXT), textOf(value)]),
  );
}

function textOf(value: Attribute['value'] = {}): string {
  const { stringValue, intValue, doubleValue, boolValue, arrayValue } = value;
  const list = arrayValue?.values?.map((each) => each.stringValue ?? '').join(', ');
  return String(stringValue ?? intValue ?? doubleValue ?? boolValue ?? list ?? '').slice(0, MAX_TEXT);
}
