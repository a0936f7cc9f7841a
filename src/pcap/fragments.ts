import type { Ip4Packet } from './ip4-packet.js';

/** Of a packet whose fragments are not all there. */
type Pending = { readonly pieces: Map<number, Buffer>; bytes: number; end: number | undefined };

/** Packets at once: anybody can begin some. */
const MOST = 64;
/** RFC 791: no packet has more. */
const MAX_BYTES = 65_535;
/** The largest packet over the smallest network that there is (RFC 791, 3.2: 576 bytes). */
const MAX_PIECES = 128;

/** Puts fragments together (RFC 791, 3.2), as far as that is cheap. */
export class Fragments {
  readonly #pending = new Map<string, Pending>();
  #lost = 0;

  /** Packets whose fragments were not all there, or made no sense. */
  get lost(): number {
    return this.#lost + this.#pending.size;
  }

  /** The packet, once all of it has come; undefined until then. */
  add(fragment: Ip4Packet): Ip4Packet | undefined {
    const key = [fragment.from, fragment.to, fragment.protocol, fragment.id].join(' ');
    const pending = this.#pending.get(key) ?? this.#begin(key);
    const { offset, payload, hasMore, missing } = fragment;
    // One that comes again counts once, and as long as it is now.
    pending.bytes += payload.length - (pending.pieces.get(offset)?.length ?? 0);
    // A copy: what it was read with is much larger, and would stay with it.
    pending.pieces.set(offset, Buffer.from(payload));
    if (!hasMore) pending.end = offset + payload.length;
    const isTooMuch =
      offset + payload.length > MAX_BYTES || pending.bytes > MAX_BYTES || pending.pieces.size > MAX_PIECES;
    if (missing > 0 || isTooMuch) return this.#drop(key);
    const whole = wholeOf(pending);
    if (whole === undefined) return undefined;
    this.#pending.delete(key);
    return { ...fragment, payload: whole, offset: 0, hasMore: false };
  }

  #begin(key: string): Pending {
    const [oldest] = this.#pending.keys();
    if (oldest !== undefined && this.#pending.size >= MOST) this.#drop(oldest);
    const begun: Pending = { pieces: new Map(), bytes: 0, end: undefined };
    this.#pending.set(key, begun);
    return begun;
  }

  #drop(key: string): undefined {
    this.#pending.delete(key);
    this.#lost += 1;
  }
}

function wholeOf({ pieces, bytes, end }: Pending): Buffer | undefined {
  if (end === undefined || bytes < end) return undefined;
  const inOrder = [...pieces].toSorted(([one], [other]) => one - other);
  let at = 0;
  for (const [offset, piece] of inOrder) {
    if (offset !== at) return undefined;
    at += piece.length;
  }
  return at === end ? Buffer.concat(inOrder.map(([, piece]) => piece)) : undefined;
}
