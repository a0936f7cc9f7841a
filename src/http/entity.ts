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

const FOREVER = 'public, max-age=31536000, immutable';
const FOR_NOW = 'no-cache';

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
  // Filled in step by step, which costs a fraction of joining them: discs are read by thousands of small parts.
  const answered: Record<string, string | number> = { etag, 'accept-ranges': 'bytes' };
  answered['cache-control'] = isImmutable ? FOREVER : FOR_NOW;
  if (isImmutable) answered['last-modified'] = LAST_MODIFIED;
  const verdict = evaluateConditions(etag, {
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ifUnmodifiedSince: isImmutable ? headers['if-unmodified-since'] : undefined,
    ifModifiedSince: isImmutable ? headers['if-modified-since'] : undefined,
    ifRange: asText(headers['if-range']),
  });
  if (verdict.kind === 'status') return { ...verdict, headers: answered };
  // Only GET has ranges (RFC 9110, 14.2): firmware asks HEAD for the whole length.
  const range = parseRange(verdict.rangeHolds && method === 'GET' ? headers.range : undefined, size);
  if (range.kind === 'unsatisfiable') {
    answered['content-range'] = `bytes */${size}`;
    return { kind: 'status', status: 416, headers: answered };
  }
  const span = range.kind === 'part' ? { start: range.start, end: range.end } : { start: 0, end: size };
  answered['content-type'] = contentType;
  answered['content-length'] = span.end - span.start;
  if (range.kind === 'whole') return { kind: 'body', status: 200, headers: answered, span };
  answered['content-range'] = rangeText(span, size);
  return { kind: 'body', status: 206, headers: answered, span };
}

function rangeText({ start, end }: Span, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`;
}

function asText(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
