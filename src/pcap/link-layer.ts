import type { Frame } from './frame.js';

/** What a frame carries: `type` by its EtherType (IANA, IEEE 802 Numbers). */
type Carried = { readonly type: number; readonly bytes: Buffer };

export const ETHER_TYPE = { ip4: 0x0800, ip6: 0x86dd } as const;

/** LINKTYPE_ values (tcpdump.org/linktypes.html). */
const LINK = { null: 0, ethernet: 1, raw: 101, loop: 108, sll: 113, ip4: 228, ip6: 229, sll2: 276 } as const;
/** Raw IP as some systems number it in files. */
const RAW_ALIASES: readonly number[] = [12, 14];

/** 802.1Q, 802.1ad, and what came before that. */
const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
const TAG_BYTES = 4;
/** Two are in use; a frame of nothing but tags is none. */
const MOST_TAGS = 4;

/** undefined for what is of no kind that is known, or too short. Pure; never throws. */
export function carriedBy({ link, bytes }: Pick<Frame, 'link' | 'bytes'>): Carried | undefined {
  switch (RAW_ALIASES.includes(link) ? LINK.raw : link) {
    case LINK.ethernet:
      return typed(bytes, 12);
    case LINK.sll:
      return typed(bytes, 14);
    case LINK.sll2:
      return bytes.length < 20 ? undefined : tagged(bytes.readUInt16BE(0), bytes.subarray(20));
    case LINK.null:
    case LINK.loop:
      return byVersion(bytes.subarray(4));
    case LINK.raw:
    case LINK.ip4:
    case LINK.ip6:
      return byVersion(bytes);
    default:
      return undefined;
  }
}

export function isKnownLink(link: number): boolean {
  return RAW_ALIASES.includes(link) || (Object.values(LINK) as readonly number[]).includes(link);
}

function typed(bytes: Buffer, at: number): Carried | undefined {
  return bytes.length < at + 2 ? undefined : tagged(bytes.readUInt16BE(at), bytes.subarray(at + 2));
}

function tagged(type: number, bytes: Buffer): Carried | undefined {
  let carried: Carried = { type, bytes };
  for (let tags = 0; TAGS.has(carried.type); tags += 1) {
    if (tags === MOST_TAGS || carried.bytes.length < TAG_BYTES) return undefined;
    carried = { type: carried.bytes.readUInt16BE(2), bytes: carried.bytes.subarray(TAG_BYTES) };
  }
  return carried;
}

function byVersion(bytes: Buffer): Carried | undefined {
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4) return { type: ETHER_TYPE.ip4, bytes };
  return version === 6 ? { type: ETHER_TYPE.ip6, bytes } : undefined;
}
