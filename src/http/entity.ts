import type { FastifyRequest } from 'fastify';
import type { Span } from './blob-response.js';
import { parseRange } from './byte-range.js';
import { evaluateConditions, LAST_MODIFIED } from './conditional.js';

/** What a path leads to, before a byte of it is read. */
export type Entity = {
  /** Bytes. */
  readonly size: number;
  /** Strong, with its quotes. */
  readonly etag: string;
  readonly contentType: string;
  /** It goes by its digest. What may change under the same path has no date that a client could go by. */
  readonly isImmutable: boolean;
};

const FOREVER = { 'last-modified': LAST_MODIFIED, 'cache-control': 'public, max-age=31536000, immutable' };
const FOR_NOW = { 'cache-control': 'no-cache' };

export type Headers = Readonly<Record<string, string | number>>;
export type Body = {
  readonly kind: 'body';
  readonly status: 200 | 206;
  readonly headers: Headers;
  readonly span: Span;
};
export type Answer = Body | { readonly kind: 'status'; readonly status: 304 | 412 | 416; readonly headers: Headers };

/** Everything about the answer that needs no bytes: HEAD is the same but for the body (RFC 9110, 9.3.2). Pure. */
export function decideAnswer(
  { method, headers }: Pick<FastifyRequest, 'method' | 'headers'>,
  { size, etag, contentType, isImmutable }: Entity,
): Answer {
  const common = { etag, 'accept-ranges': 'bytes', ...(isImmutable ? FOREVER : FOR_NOW) };
  const verdict = evaluateConditions(etag, {
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ...(isImmutable && {
      ifUnmodifiedSince: headers['if-unmodified-since'],
      ifModifiedSince: headers['if-modified-since'],
    }),
    ifRange: asText(headers['if-range']),
  });
  if (verdict.kind === 'status') return { ...verdict, headers: common };
  // Only GET has ranges (RFC 9110, 14.2): firmware asks HEAD for the whole length.
  const range = parseRange(verdict.rangeHolds && method === 'GET' ? headers.range : undefined, size);
  if (range.kind === 'unsatisfiable') {
    return { kind: 'status', status: 416, headers: { ...common, 'content-range': `bytes */${size}` } };
  }
  const span = range.kind === 'part' ? { start: range.start, end: range.end } : { start: 0, end: size };
  const described = { ...common, 'content-type': contentType, 'content-length': span.end - span.start };
  return range.kind === 'whole'
    ? { kind: 'body', status: 200, headers: described, span }
    : { kind: 'body', status: 206, headers: { ...described, 'content-range': rangeText(span, size) }, span };
}

function rangeText({ start, end }: Span, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`;
}

function asText(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
