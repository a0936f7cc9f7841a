import type { Terms } from './negotiation.js';
import type { Refusal } from './packet.js';

/**
 * One file on its way to one client, as a pure machine: `step(state, event)` answers the next state and what is to be done. It
 * knows neither sockets nor clocks, so that any schedule of loss can be played on it.
 */
export type TransferState = {
  readonly terms: Terms;
  /** The number of the last block: shorter than the others, perhaps empty (RFC 1350, 6). */
  readonly last: number;
  readonly phase: 'offered' | 'sending' | 'over';
  /** All blocks up to this one are with the client; numbers do not roll over here. */
  readonly acked: number;
  /** Up to this one they were sent. */
  readonly sent: number;
  /** Milliseconds; undefined while what is to be sent is being read. */
  readonly sentAt: number | undefined;
  /** What is under way was sent before, so that its answer tells nothing of the way's length (Karn). */
  readonly isResent: boolean;
  /** The window behind this block was sent again because its acknowledgement came once more. */
  readonly restartedBehind: number | undefined;
  /** Since anything was acknowledged. */
  readonly resends: number;
  /** Something came from the client that belongs to what is under way. */
  readonly heardAt: number;
  readonly roundTrip: RoundTrip;
};

/** Milliseconds: smoothed, and its variation (RFC 6298); `smoothed` is undefined before the first measurement. */
type RoundTrip = { readonly smoothed: number | undefined; readonly variation: number };

/** `now`: milliseconds that only go forward. */
export type TransferEvent = { readonly now: number } & (
  | { readonly kind: 'start' }
  /** What was to be sent is on its way. */
  | { readonly kind: 'sent' }
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  /** The client has asked for the same file once more. */
  | { readonly kind: 'repeated' }
  | { readonly kind: 'timeout' }
  /** Nobody is to be told. */
  | { readonly kind: 'abandoned'; readonly reason: string }
  /** The file cannot be read any further. */
  | ({ readonly kind: 'broken' } & Refusal)
);

export type TransferAction =
  | { readonly kind: 'sendOack' }
  /** Blocks, both included; whatever of others is not sent yet is not to be. */
  | { readonly kind: 'sendData'; readonly from: number; readonly to: number }
  | ({ readonly kind: 'sendError' } & Refusal)
  /** A `timeout` is wanted after so many milliseconds, and none that was wanted before. */
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'end'; readonly outcome: Outcome };

export type Outcome =
  /** `isConfirmed`: the client has acknowledged the last block; else it fell silent after it was sent, as many do. */
  | { readonly kind: 'complete'; readonly isConfirmed: boolean }
  /** The client only wanted to know the size: it refused the offer (EDK2 does so each time). */
  | { readonly kind: 'probed' }
  /** Nothing came from the client but its request. */
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'aborted'; readonly reason: string };

export type Step = readonly [TransferState, readonly TransferAction[]];

const FIRST_TIMEOUT = 1_000;
const SHORTEST_TIMEOUT = 100;
/**
 * Longer than clients wait. atftp answers a block that came before only once, and each time it comes begins to wait anew: it
 * must be left in peace for longer than its five seconds, or both wait for ever.
 */
const LONGEST_TIMEOUT = 8_000;
/** Whoever has acknowledged nothing may be somebody else whose address was forged (RFC 1350 has no handshake). */
const MAX_RESENDS_TO_STRANGERS = 3;
const PATIENCE = 30_000;
/** Of a way that was never measured. */
const UNKNOWN_ROUND_TRIP = 100;

/** `size`: of the file, in bytes. */
export function newTransfer(terms: Terms, size: number, now: number): TransferState {
  return {
    terms,
    last: Math.floor(size / terms.blksize) + 1,
    phase: terms.accepted.length > 0 ? 'offered' : 'sending',
    acked: 0,
    sent: 0,
    sentAt: undefined,
    isResent: false,
    restartedBehind: undefined,
    resends: 0,
    heardAt: now,
    roundTrip: { smoothed: undefined, variation: 0 },
  };
}

/** Nothing was ever acknowledged: the request may be one that somebody forged. */
export function isStranger({ phase, acked, terms }: TransferState): boolean {
  return phase === 'offered' || (acked === 0 && terms.accepted.length === 0);
}

export function step(state: TransferState, event: TransferEvent): Step {
  if (state.phase === 'over') return [state, []];
  switch (event.kind) {
    case 'start':
      return sendAgain(state);
    case 'sent':
      return [{ ...state, sentAt: event.now }, [{ kind: 'wait', milliseconds: timeoutOf(state) }]];
    case 'ack':
      return acknowledged(state, event.block, event.now);
    case 'repeated':
      return repeated(state);
    case 'timeout':
      return timedOut(state, event.now);
    case 'error':
      return over(state, outcomeOfError(state, event));
    case 'abandoned':
      return over(state, { kind: 'aborted', reason: event.reason });
    case 'broken':
      return over(state, { kind: 'aborted', reason: event.message }, { error: event.error, message: event.message });
  }
}

/** The offer, or the window that is not acknowledged. */
function sendAgain(state: TransferState): Step {
  const sending = { ...state, sentAt: undefined };
  if (state.phase === 'offered') return [sending, [{ kind: 'sendOack' }]];
  return window(sending);
}

/** All of it: the client counts the blocks, and answers the last of them only (RFC 7440, 4). */
function window(state: TransferState): Step {
  const from = state.acked + 1;
  const to = Math.min(state.acked + state.terms.windowsize, state.last);
  return [{ ...state, sent: to, sentAt: undefined }, [{ kind: 'sendData', from, to }]];
}

/** Numbers on the wire have 16 bits, and go on with 0 behind 65535. */
function acknowledged(state: TransferState, block: number, now: number): Step {
  const ahead = (block - state.acked) & 0xffff;
  if (state.phase === 'offered') {
    if (block !== 0) return [state, []];
    return window({ ...progressed(state, now), phase: 'sending' });
  }
  // Older than what is under way, or of nothing that was sent.
  if (ahead > state.sent - state.acked) return [state, []];
  if (ahead === 0) return again({ ...state, heardAt: now }, now);
  const acked = state.acked + ahead;
  if (acked === state.last) return over({ ...state, acked }, { kind: 'complete', isConfirmed: true });
  return window({ ...progressed(state, now), acked });
}

function progressed(state: TransferState, now: number): TransferState {
  const { sentAt, isResent } = state;
  const roundTrip = sentAt === undefined || isResent ? state.roundTrip : measured(state.roundTrip, now - sentAt);
  return { ...state, roundTrip, resends: 0, isResent: false, restartedBehind: undefined, heardAt: now };
}

/**
 * An acknowledgement that came before. With one block at a time it is never a reason to send anything, or a delayed one would
 * double every packet that follows (RFC 1123, 4.2.3.1). In a window it says that the first block was lost, unless it is only
 * late itself; clients say so for every block behind the gap (EDK2), so once for each window must do.
 */
function again(state: TransferState, now: number): Step {
  const { terms, acked, sentAt, restartedBehind, roundTrip } = state;
  if (terms.windowsize === 1 || sentAt === undefined || restartedBehind === acked) return [state, []];
  if (now - sentAt < (roundTrip.smoothed ?? UNKNOWN_ROUND_TRIP)) return [state, []];
  return window({ ...state, isResent: true, restartedBehind: acked });
}

/** The same request from the same port: its answer was lost, or took too long. */
function repeated(state: TransferState): Step {
  const isUnanswered = isStranger(state) && state.sentAt !== undefined;
  if (!isUnanswered || state.resends >= MAX_RESENDS_TO_STRANGERS) return [state, []];
  return sendAgain({ ...state, isResent: true, resends: state.resends + 1 });
}

function timedOut(state: TransferState, now: number): Step {
  if (state.sentAt === undefined) return [state, []];
  const isUnknown = isStranger(state);
  const isLost = isUnknown ? state.resends >= MAX_RESENDS_TO_STRANGERS : now - state.heardAt >= PATIENCE;
  if (!isLost) return sendAgain({ ...state, isResent: true, resends: state.resends + 1 });
  // Many clients acknowledge the last block, and are gone.
  if (!isUnknown && state.sent === state.last) return over(state, { kind: 'complete', isConfirmed: false });
  // A stranger's request that was forged is not answered even once more; a slow client asks again.
  if (isUnknown) return over(state, { kind: 'unanswered' });
  const told: Refusal = { error: 'undefined', message: 'no acknowledgement came' };
  return over(state, { kind: 'aborted', reason: 'the client does not answer' }, told);
}

function outcomeOfError(state: TransferState, { code, message }: { code: number; message: string }): Outcome {
  if (state.phase === 'offered') return { kind: 'probed' };
  return { kind: 'aborted', reason: `the client gave up: ${message === '' ? `error ${code}` : message}` };
}

function over(state: TransferState, outcome: Outcome, told?: Refusal): Step {
  const telling: readonly TransferAction[] = told === undefined ? [] : [{ kind: 'sendError', ...told }];
  return [{ ...state, phase: 'over' }, [...telling, { kind: 'end', outcome }]];
}

/** RFC 6298, 2.2 and 2.3. */
function measured({ smoothed, variation }: RoundTrip, sample: number): RoundTrip {
  if (smoothed === undefined) return { smoothed: sample, variation: sample / 2 };
  return {
    variation: 0.75 * variation + 0.25 * Math.abs(smoothed - sample),
    smoothed: 0.875 * smoothed + 0.125 * sample,
  };
}

/**
 * Doubled with each time that nothing came. The interval that a client asks for (RFC 2349) is not kept to: curl asks for six
 * seconds, which each lost packet would cost on a way of one millisecond; and with the same interval at both ends, theirs may
 * never end (see above).
 */
function timeoutOf({ resends, roundTrip: { smoothed, variation } }: TransferState): number {
  const first = smoothed === undefined ? FIRST_TIMEOUT : Math.max(SHORTEST_TIMEOUT, smoothed + 4 * variation);
  return Math.min(LONGEST_TIMEOUT, first * 2 ** Math.min(resends, 10));
}
