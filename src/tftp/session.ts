import type { DatagramPort, Peer } from '../net/datagram.js';
import type { TftpFile } from './file.js';
import type { Terms } from './negotiation.js';
import { encodeData, encodeError, encodeOack, type Incoming, type Refusal } from './packet.js';
import { ReadAhead } from './read-ahead.js';
import {
  isStranger,
  newTransfer,
  type Outcome,
  step,
  type TransferAction,
  type TransferEvent,
  type TransferState,
} from './transfer.js';

/** Time as transfers see it. */
export type TftpClock = {
  /** Milliseconds that only go forward. */
  ticks(): number;
  /** Runs it after so many milliseconds, unless what it answers is called before. */
  after(milliseconds: number, run: () => void): () => void;
};

export type SessionParts = {
  readonly client: Peer;
  readonly file: TftpFile;
  readonly terms: Terms;
  /** By which the client is answered. */
  readonly port: Pick<DatagramPort, 'send'>;
  readonly clock: TftpClock;
  /** What a client is told of what the file throws. */
  readonly explain: (thrown: unknown) => Refusal;
  /** Something of ours broke, which ends this transfer. */
  readonly fault: (thrown: unknown) => void;
  /** Its client has acknowledged something, for the first time. */
  readonly answered: () => void;
  /** It is over; nothing is sent any more. */
  readonly ended: (outcome: Outcome) => void;
};

/** A transfer with its client: carries out what the machine says, and tells it what happens. */
export class TftpSession {
  readonly #parts: SessionParts;
  readonly #ahead: ReadAhead;
  readonly #ending = new AbortController();
  #state: TransferState;
  /** Which of the windows is being sent: what belongs to an earlier one is not sent any more. */
  #turn = 0;
  #cancelTimer: (() => void) | undefined;
  #resends = 0;
  #isOver = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { terms, file, clock } = parts;
    this.#ahead = new ReadAhead(file, terms.blksize * terms.windowsize);
    this.#state = newTransfer(terms, file.size, clock.ticks());
  }

  /** Bytes that the client has said to have. */
  get sentBytes(): number {
    return Math.min(this.#parts.file.size, this.#state.acked * this.#parts.terms.blksize);
  }

  /** How often something was sent again. */
  get resends(): number {
    return this.#resends;
  }

  /** Its client has never answered: the request may have been forged. */
  get isStranger(): boolean {
    return isStranger(this.#state);
  }

  /** Since it began, or its client was heard. */
  get silentMilliseconds(): number {
    return this.#now() - this.#state.heardAt;
  }

  start(): void {
    this.#happened({ kind: 'start', now: this.#now() });
  }

  /** From its client. */
  deliver(packet: Incoming): void {
    const now = this.#now();
    if (packet.kind === 'ack') this.#happened({ kind: 'ack', block: packet.block, now });
    if (packet.kind === 'error') this.#happened({ ...packet, now });
  }

  /** Its client has sent the same request once more. */
  repeated(): void {
    this.#happened({ kind: 'repeated', now: this.#now() });
  }

  /** Gives it up, and tells nobody. */
  abandon(reason: string): void {
    this.#happened({ kind: 'abandoned', reason, now: this.#now() });
  }

  /** Gives it up, and tells the client. */
  abort(message: string): void {
    this.#happened({ kind: 'broken', error: 'undefined', message, now: this.#now() });
  }

  #now(): number {
    return this.#parts.clock.ticks();
  }

  /** Called by sockets and timers, where whatever is thrown would end the process. */
  #happened(event: TransferEvent): void {
    try {
      const before = this.#state;
      const [state, actions] = step(before, event);
      if (state.isResent && actions.some(isSending)) this.#resends += 1;
      this.#state = state;
      if (event.kind === 'ack' && isStranger(before) && !isStranger(state)) this.#parts.answered();
      for (const action of actions) this.#act(action);
    } catch (thrown) {
      this.#parts.fault(thrown);
      if (!this.#isOver) this.#end({ kind: 'aborted', reason: 'the server failed' });
    }
  }

  #act(action: TransferAction): void {
    const { port, client, terms } = this.#parts;
    switch (action.kind) {
      case 'sendOack':
        port.send(encodeOack(terms.accepted), client);
        this.#happened({ kind: 'sent', now: this.#now() });
        return;
      case 'sendData':
        this.#sendBlocks(action.from, action.to);
        return;
      case 'sendError':
        port.send(encodeError(action), client);
        return;
      case 'wait':
        this.#wait(action.milliseconds);
        return;
      case 'end':
        this.#end(action.outcome);
    }
  }

  #sendBlocks(from: number, to: number): void {
    this.#turn += 1;
    this.#stopWaiting();
    const { blksize } = this.#parts.terms;
    const [start, end] = [(from - 1) * blksize, Math.min(to * blksize, this.#parts.file.size)];
    if (this.#ahead.holds(start, end)) this.#send(from, to);
    else void this.#load(from, to, { start, end });
  }

  async #load(
    from: number,
    to: number,
    { start, end }: { readonly start: number; readonly end: number },
  ): Promise<void> {
    const turn = this.#turn;
    try {
      await this.#ahead.load(start, end, this.#ending.signal);
    } catch (thrown) {
      this.#happened({ kind: 'broken', ...this.#parts.explain(thrown), now: this.#now() });
      return;
    }
    if (turn === this.#turn && !this.#ending.signal.aborted) this.#send(from, to);
  }

  #send(from: number, to: number): void {
    const { port, client, file, terms } = this.#parts;
    for (let block = from; block <= to; block += 1) {
      const start = (block - 1) * terms.blksize;
      const data = this.#ahead.bytes(start, Math.min(start + terms.blksize, file.size));
      port.send(encodeData(block, data), client);
    }
    this.#happened({ kind: 'sent', now: this.#now() });
  }

  #wait(milliseconds: number): void {
    this.#stopWaiting();
    this.#cancelTimer = this.#parts.clock.after(milliseconds, () =>
      this.#happened({ kind: 'timeout', now: this.#now() }),
    );
  }

  #stopWaiting(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #end(outcome: Outcome): void {
    this.#isOver = true;
    this.#stopWaiting();
    this.#ending.abort(new Error('the transfer is over'));
    this.#parts.ended(outcome);
  }
}

function isSending({ kind }: TransferAction): boolean {
  return kind === 'sendOack' || kind === 'sendData';
}
