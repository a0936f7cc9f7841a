/** What of a body of `size` bytes a client wants. `end` is the first byte that is not wanted. */
export type WantedRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i;

/**
 * Reads a Range header (RFC 9110, 14.2). Several ranges, other units and what is malformed get the whole body, which
 * the RFC allows; a single range outside the body is unsatisfiable.
 */
export function parseRange(header: string | undefined, size: number): WantedRange {
  const match = header === undefined ? null : RANGE.exec(header.replace(/\s+/g, ''));
  if (match === null) return { kind: 'whole' };
  const [, first = '', last = ''] = match;
  if (first === '') return suffixRange(last, size);
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < start) return { kind: 'whole' };
  return start >= size ? { kind: 'unsatisfiable' } : { kind: 'part', start, end };
}

/** `bytes=-500`: the last 500. */
function suffixRange(length: string, size: number): WantedRange {
  if (length === '') return { kind: 'whole' };
  const wanted = Math.min(Number(length), size);
  return wanted === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', start: size - wanted, end: size };
}
