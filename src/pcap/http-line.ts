import { asciiLine } from '../format.js';

/** What a segment of TCP begins with, where that is the head of a message of HTTP/1 (RFC 9112, 3 and 4). */
export type HttpLine =
  | { readonly kind: 'request'; readonly method: string; readonly target: string; readonly agent?: string }
  | { readonly kind: 'status'; readonly status: number; readonly bytes?: number };

const REQUEST = /^(GET|HEAD|POST|PUT|OPTIONS|DELETE) (\S{1,2048}) HTTP\/1\.[01]\r?\n/;
const STATUS = /^HTTP\/1\.[01] (\d{3})[ \r\n]/;
/** As much as a head may be long that anybody looks at. */
const MAX_HEAD = 4_096;

/** Of the segment alone: a head that is longer is read as far as it goes. Pure. */
export function httpLine(payload: Buffer): HttpLine | undefined {
  const first = payload[0];
  // Letters: nearly all that is sent is what somebody downloads.
  if (first === undefined || first < 0x41 || first > 0x5a) return undefined;
  const head = payload.toString('latin1', 0, MAX_HEAD);
  const [, method, target] = REQUEST.exec(head) ?? [];
  if (method !== undefined && target !== undefined) {
    const agent = headerOf(head, 'user-agent');
    return { kind: 'request', method, target: asciiLine(target), ...(agent !== undefined && { agent }) };
  }
  const [, status] = STATUS.exec(head) ?? [];
  if (status === undefined) return undefined;
  const bytes = Number(headerOf(head, 'content-length') ?? Number.NaN);
  return { kind: 'status', status: Number(status), ...(Number.isSafeInteger(bytes) && { bytes }) };
}

function headerOf(head: string, name: string): string | undefined {
  const [, value] = new RegExp(`\\n${name}:[ \\t]*([^\\r\\n]{0,200})`, 'i').exec(head) ?? [];
  return value === undefined ? undefined : asciiLine(value).trim();
}
