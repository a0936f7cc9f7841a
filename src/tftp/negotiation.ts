import { DEFAULT_BLOCK_BYTES, type Option } from './packet.js';

export type NegotiationLimits = {
  /** Bytes; that which fits into the network's packets. */
  readonly maxBlockSize: number;
  readonly maxWindowSize: number;
};

/** By what a file is sent. */
export type Terms = {
  /** Bytes of every block but the last (RFC 2348). */
  readonly blksize: number;
  /** Blocks that are sent before one is acknowledged (RFC 7440). */
  readonly windowsize: number;
  /** What was agreed to, to be told; empty for a client that asked for nothing, which is told nothing (RFC 2347). */
  readonly accepted: readonly Option[];
};

/** RFC 2348. */
export const LEAST_BLOCK_BYTES = 8;
export const MOST_BLOCK_BYTES = 65_464;
/** Of what is on its way to one client, in bytes. */
const MAX_WINDOW_BYTES = 256 * 1024;

/**
 * Agrees to what a client asks for as far as it makes sense: options that are unknown, senseless or repeated are left out, and
 * never an error. `size`: of the file, in bytes. Names are told as they were spelled. Pure.
 */
export function negotiate(asked: readonly Option[], size: number, limits: NegotiationLimits): Terms {
  const firsts = new Map(asked.toReversed().map(([name, text]) => [name.toLowerCase(), readNumber(text)]));
  const blksize = within(firsts.get('blksize'), LEAST_BLOCK_BYTES, MOST_BLOCK_BYTES, limits.maxBlockSize);
  const largest = Math.max(1, Math.floor(MAX_WINDOW_BYTES / (blksize ?? DEFAULT_BLOCK_BYTES)));
  const windowsize = within(firsts.get('windowsize'), 1, 65_535, Math.min(limits.maxWindowSize, largest));
  // Told back as asked, since U-Boot refuses any other value; when to send again is the transfer's own business.
  const timeout = within(firsts.get('timeout'), 1, 255, 255);
  const tsize = firsts.get('tsize') === undefined ? undefined : size;
  const values = new Map(Object.entries({ blksize, windowsize, timeout, tsize }));
  const accepted: Option[] = [];
  for (const [name] of asked) {
    const value = values.get(name.toLowerCase());
    if (value === undefined) continue;
    accepted.push([name, String(value)]);
    values.delete(name.toLowerCase());
  }
  return { blksize: blksize ?? DEFAULT_BLOCK_BYTES, windowsize: windowsize ?? 1, accepted };
}

/** Capped; undefined for what is out of the option's own range. */
function within(asked: number | undefined, least: number, most: number, cap: number): number | undefined {
  return asked === undefined || asked < least || asked > most ? undefined : Math.min(asked, cap);
}

function readNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
