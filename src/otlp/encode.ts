import type { Attributes, Span, SpanEvent } from './span.js';

/** Who sends. */
export type Sender = { readonly name: string; readonly version: string; readonly instance: string };

/** Collectors cut longer values, or refuse them. */
const MOST_CHARACTERS = 256;
/** SPAN_KIND_INTERNAL (opentelemetry-proto, trace.proto). */
const INTERNAL = 1;
/** STATUS_CODE_ERROR. */
const ERROR = 2;

/**
 * The body of `POST /v1/traces` as JSON (OTLP 1.x, "JSON Protobuf Encoding"): keys in lowerCamelCase, enums as numbers, 64-bit
 * numbers as text, and, unlike protobuf's own mapping, identifiers in hex. Pure.
 */
export function encodeTraces(spans: readonly Span[], { name, version, instance }: Sender): string {
  const resource = { 'service.name': name, 'service.version': version, 'service.instance.id': instance };
  const scopeSpans = [{ scope: { name, version }, spans: spans.map(spanOf) }];
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: listOf(resource) }, scopeSpans }] });
}

function spanOf({ trace, id, parent, name, start, end, attributes, events, isFailed }: Span): object {
  return {
    traceId: trace,
    spanId: id,
    ...(parent !== undefined && { parentSpanId: parent }),
    name,
    kind: INTERNAL,
    startTimeUnixNano: nanosecondsOf(start),
    endTimeUnixNano: nanosecondsOf(Math.max(start, end)),
    attributes: listOf(attributes),
    events: events.map(happeningOf),
    status: isFailed ? { code: ERROR } : {},
  };
}

function happeningOf({ at, name, attributes }: SpanEvent): object {
  return { timeUnixNano: nanosecondsOf(at), name, attributes: listOf(attributes) };
}

/** More digits than a number has. */
function nanosecondsOf(milliseconds: number): string {
  return `${Math.round(milliseconds)}000000`;
}

function listOf(attributes: Attributes): readonly object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValueOf(value) }],
  );
}

function anyValueOf(value: string | number | boolean): object {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'string') return { stringValue: value.slice(0, MOST_CHARACTERS) };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
