import { isDeepStrictEqual } from 'node:util';
import type { Option } from './packet.js';
import type { Wanted } from './server-parts.js';
import type { TftpSession } from './session.js';

/** A request that is looked after: its file is being opened, or sent. */
export type Entry = Wanted & {
  readonly options: readonly Option[];
  /** Milliseconds, as the clock's. */
  readonly since: number;
  session: TftpSession | undefined;
  /** Whoever waits for the file, or the port, is told by this that it is not wanted any more. */
  isOver: boolean;
  readonly close: (() => Promise<void>)[];
};

/** Longer than clients wait before they say something again: EDK2 four seconds, U-Boot and atftp five, curl six. */
const LONG_SILENCE = 10_000;
/** Bytes a second, on an average: less than any firmware takes on any network that it could boot by. */
const CRAWLING = 1_024;
/** Milliseconds that a copy of a request may be late. */
const LATE = 2_000;

/** Joined to what it began; one that comes when its transfer has long been under way is of a client that has begun anew. */
export function isRepeated(
  { session, ...entry }: Entry,
  filename: string | undefined,
  options: readonly Option[],
): boolean {
  if (entry.filename !== filename || !isDeepStrictEqual(entry.options, options)) return false;
  return session === undefined || session.isStranger || session.silentMilliseconds < LATE;
}

function isCrawling({ session, since }: Entry, now: number): boolean {
  if (session === undefined) return false;
  return now - since >= LONG_SILENCE && (session.sentBytes * 1_000) / (now - since) < CRAWLING;
}

/**
 * Who makes room for somebody else: the oldest that never answered, whose request may have been forged; else whoever has said
 * nothing for long; else whoever keeps its place by taking next to nothing. `all`: the oldest first; `now`: as the clock's.
 */
export function leastWanted(all: readonly Entry[], now: number): Entry | undefined {
  return (
    all.find(({ session }) => session === undefined || session.isStranger) ??
    all.find(({ session }) => session !== undefined && session.silentMilliseconds >= LONG_SILENCE) ??
    all.find((entry) => isCrawling(entry, now))
  );
}
