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
  /** Up to this one they are to be sent, since so many milliseconds: what is not sent of them yet is being read. */
  readonly due: number;
  readonly dueAt: number;
  /** Milliseconds; undefined while what is due is being read. */
  readonly sentAt: number | undefined;
  /** What is under way was sent before, so that its answer tells nothing of the way's length (Karn). */
  readonly isResent: boolean;
  /** The window behind this block was sent again because its acknowledgement came once more. */
  readonly restartedBehind: number | undefined;
  /** Up to this one, they were sent again because of what the client said, who may have had them on their way already. */
  readonly copiesTo: number;
  /** So was the window before: what the client says of copies is still to come. */
  readonly isBehindCopies: boolean;
  /** Since anything was acknowledged. */
  readonly resends: number;
  /** From the beginning. */
  readonly allResends: number;
  /**
   * How often the timeout is doubled. Once it stays so, until something that was sent once is answered (Karn; RFC 6298, 5); all
   * of it would have to be given up on a network that loses a fifth, where iPXE waits for sixteen seconds in all.
   */
  readonly backoff: number;
  /** Something came from the client that belongs to what is under way. The time that is taken by reading does not count. */
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
  /** It cannot go on, by no fault of the client, who is told so. */
  | ({ readonly kind: 'failed' } & Failure)
);

/** What the client is told, and what the log is. */
export type Failure = Refusal & { readonly reason: string };

export type TransferAction =
  | { readonly kind: 'sendOack' }
  /** The client is heard for the first time: nobody has forged its request. */
  | { readonly kind: 'answered' }
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
  /** The client gave up, or is given up. */
  | { readonly kind: 'aborted'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

export type Step = readonly [TransferState, readonly TransferAction[]];

const FIRST_TIMEOUT = 1_000;
/** Of a way that is quick: what clients take to write a window down is not measured yet. */
const SHORTEST_TIMEOUT = 100;
/**
 * Longer than clients wait. atftp answers a block that came before only once, and each time it comes begins to wait anew: it
 * must be left in peace for longer than its five seconds, or both wait for ever.
 */
const LONGEST_TIMEOUT = 8_000;
/** Whoever has acknowledged nothing may be somebody else whose address was forged (RFC 1350 has no handshake). */
const MAX_RESENDS_TO_STRANGERS = 3;
/** With a client that says nothing at all. */
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
    due: 0,
    dueAt: now,
    sentAt: undefined,
    isResent: false,
    restartedBehind: undefined,
    copiesTo: 0,
    isBehindCopies: false,
    resends: 0,
    allResends: 0,
    backoff: 0,
    heardAt: now,
    roundTrip: { smoothed: undefined, variation: 0 },
  };
}

/** For so many milliseconds its client has said nothing, while there was something to answer. */
export function silence({ heardAt, sentAt }: TransferState, now: number): number {
  return sentAt === undefined ? 0 : now - heardAt;
}

/** Nothing was ever acknowledged: the request may be one that somebody forged. */
export function isStranger({ phase, acked, terms }: TransferState): boolean {
  return phase === 'offered' || (acked === 0 && terms.accepted.length === 0);
}

export function step(state: TransferState, event: TransferEvent): Step {
  if (state.phase === 'over') return [state, []];
  switch (event.kind) {
    case 'start':
      return send(state, event.now);
    case 'sent':
      return sent(state, event.now);
    case 'ack':
      return acknowledged(state, event.block, event.now);
    case 'repeated':
      return repeated(state, event.now);
    case 'timeout':
      return timedOut(state, event.now);
    case 'error':
      return over(state, outcomeOfError(state, event));
    case 'abandoned':
      return over(state, { kind: 'aborted', reason: event.reason });
    case 'failed':
      return over(state, { kind: 'failed', reason: event.reason }, { error: event.error, message: event.message });
  }
}

/** The offer, or the window that is not acknowledged. */
function send(state: TransferState, now: number): Step {
  if (state.phase === 'offered') return [{ ...state, sentAt: undefined, dueAt: now }, [{ kind: 'sendOack' }]];
  return window(state, now);
}

function sendAgain(state: TransferState, now: number): Step {
  return send({ ...resent(state), resends: state.resends + 1, copiesTo: 0 }, now);
}

/** All of it: the client counts the blocks, and answers the last of them only (RFC 7440, 4). */
function window(state: TransferState, now: number): Step {
  const from = state.acked + 1;
  const to = Math.min(state.acked + state.terms.windowsize, state.last);
  return [{ ...state, due: to, dueAt: now, sentAt: undefined }, [{ kind: 'sendData', from, to }]];
}

function sent(state: TransferState, now: number): Step {
  const heardAt = Math.min(now, state.heardAt + (now - state.dueAt));
  return [{ ...state, sent: state.due, sentAt: now, heardAt }, [{ kind: 'wait', milliseconds: timeoutOf(state) }]];
}

/** Numbers on the wire have 16 bits, and go on with 0 behind 65535. */
function acknowledged(state: TransferState, block: number, now: number): Step {
  const ahead = (block - state.acked) & 0xffff;
  if (state.phase === 'offered') {
    if (block !== 0) return [state, []];
    return heard(window({ ...progressed(state, now), phase: 'sending' }, now));
  }
  // Older than what is under way, or of nothing that was sent.
  if (ahead > state.sent - state.acked) return [state, []];
  if (ahead === 0) return again({ ...state, heardAt: now }, now);
  const next = advanced(state, state.acked + ahead, now);
  return isStranger(state) ? heard(next) : next;
}

/** `acked`: more than before. Before the end of what was sent, it says that the block behind it was lost. */
function advanced(state: TransferState, acked: number, now: number): Step {
  if (acked === state.last) return over({ ...state, acked }, { kind: 'complete', isConfirmed: true });
  const next = { ...progressed(state, now), acked };
  if (acked === state.sent) return window({ ...next, isBehindCopies: state.isResent, copiesTo: 0 }, now);
  if (acked <= state.copiesTo && state.sentAt !== undefined) return extended(next, now);
  return window({ ...resent(next), copiesTo: state.sent }, now);
}

/**
 * A client that gets a copy of what it has says what it has, and waits for no more than what comes behind: to send all from
 * there once more would make more copies, and so on to the end of the transfer. What comes behind is sent.
 */
function extended(state: TransferState, now: number): Step {
  const [from, to] = [state.sent + 1, Math.min(state.acked + state.terms.windowsize, state.last)];
  const waiting = { ...state, isResent: true };
  if (from > to) return [{ ...waiting, sentAt: now }, [{ kind: 'wait', milliseconds: timeoutOf(state) }]];
  return [{ ...waiting, due: to, dueAt: now, sentAt: undefined }, [{ kind: 'sendData', from, to }]];
}

function resent(state: TransferState): TransferState {
  return { ...state, isResent: true, allResends: state.allResends + 1 };
}

/** Milliseconds that an answer takes, as far as is known. */
function wayOf(state: TransferState): number {
  return state.backoff > 0 ? timeoutOf(state) : (state.roundTrip.smoothed ?? UNKNOWN_ROUND_TRIP);
}

function heard([state, actions]: Step): Step {
  return [state, [{ kind: 'answered' }, ...actions]];
}

function progressed(state: TransferState, now: number): TransferState {
  const { sentAt, isResent } = state;
  const measurement =
    sentAt === undefined || isResent
      ? { backoff: Math.min(1, state.backoff) }
      : { roundTrip: measured(state.roundTrip, now - sentAt), backoff: 0 };
  return {
    ...{ ...state, ...measurement, resends: 0, heardAt: now },
    ...{ isResent: false, restartedBehind: undefined },
  };
}

/**
 * An acknowledgement that came before. With one block at a time it is never a reason to send anything, or a delayed one would
 * double every packet that follows (RFC 1123, 4.2.3.1). In a window it says that the first block was lost, unless it is only
 * late itself; clients say so for every block behind the gap (EDK2), so once for each window must do. They say so of copies as
 * well: whoever heeds it behind a window that was sent twice, or before an answer can be here, sends all others twice, too.
 */
function again(state: TransferState, now: number): Step {
  const { terms, acked, sentAt, restartedBehind, isBehindCopies } = state;
  if (terms.windowsize === 1 || sentAt === undefined) return [state, []];
  if (restartedBehind === acked || isBehindCopies) return [state, []];
  if (now - sentAt < wayOf(state)) return [state, []];
  return window({ ...resent(state), copiesTo: state.sent, restartedBehind: acked }, now);
}

/** The same request from the same port: its answer was lost, or took too long. */
function repeated(state: TransferState, now: number): Step {
  const isUnanswered = isStranger(state) && state.sentAt !== undefined;
  if (!isUnanswered || state.resends >= MAX_RESENDS_TO_STRANGERS) return [state, []];
  return sendAgain(state, now);
}

function timedOut(state: TransferState, now: number): Step {
  if (state.sentAt === undefined) return [state, []];
  const isUnknown = isStranger(state);
  const isLost = isUnknown ? state.resends >= MAX_RESENDS_TO_STRANGERS : silence(state, now) >= PATIENCE;
  if (!isLost) return sendAgain({ ...state, backoff: state.backoff + 1 }, now);
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
function timeoutOf({ backoff, roundTrip: { smoothed, variation } }: TransferState): number {
  const first = smoothed === undefined ? FIRST_TIMEOUT : Math.max(SHORTEST_TIMEOUT, smoothed + 4 * variation);
  return Math.min(LONGEST_TIMEOUT, first * 2 ** Math.min(backoff, 10));
}
