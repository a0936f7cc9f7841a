import type { DatagramPort, Peer } from '../net/datagram.js';
import type { TftpFile } from './file.js';
import type { Terms } from './negotiation.js';
import { encodeData, encodeError, encodeOack, type Incoming } from './packet.js';
import { ReadAhead } from './read-ahead.js';
import {
  type Failure,
  isStranger,
  newTransfer,
  type Outcome,
  silence,
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
  /** What a client, and the log, is told of what the file throws. */
  readonly explain: (thrown: unknown) => Failure;
  /** Something of ours broke, which ends this transfer. */
  readonly fault: (thrown: unknown) => void;
  /** Its client has acknowledged something, for the first time. */
  readonly answered: () => void;
  /** It is over; nothing is sent any more. */
  readonly ended: (outcome: Outcome) => void;
};

/** Both included. */
type Blocks = { readonly from: number; readonly to: number };

/** A transfer with its client: carries out what the machine says, and tells it what happens. */
export class TftpSession {
  readonly #parts: SessionParts;
  readonly #ahead: ReadAhead;
  readonly #ending = new AbortController();
  #state: TransferState;
  /** Blocks that are to be sent as soon as they are read: whatever was wanted before is not any more. */
  #wanted: Blocks | undefined;
  #isReading = false;
  #cancelTimer: (() => void) | undefined;
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
    return this.#state.allResends;
  }

  /** Its client has never answered: the request may have been forged. */
  get isStranger(): boolean {
    return isStranger(this.#state);
  }

  /** For how long its client has said nothing while there was something to answer. */
  get silentMilliseconds(): number {
    return silence(this.#state, this.#now());
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
    this.#happened({ kind: 'failed', error: 'undefined', message, reason: message, now: this.#now() });
  }

  #now(): number {
    return this.#parts.clock.ticks();
  }

  #happened(event: TransferEvent): void {
    this.#guarded(() => {
      if (this.#isOver) return;
      const [state, actions] = step(this.#state, event);
      this.#state = state;
      for (const action of actions) this.#act(action);
    });
  }

  /** Whatever is thrown would end the process: sockets and timers call this, and nobody waits for what is read. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#parts.fault(thrown);
      if (!this.#isOver) this.#end({ kind: 'failed', reason: 'the server failed' });
    }
  }

  #act(action: TransferAction): void {
    const { port, client, terms } = this.#parts;
    switch (action.kind) {
      case 'sendOack':
        port.send(encodeOack(terms.accepted), client);
        this.#happened({ kind: 'sent', now: this.#now() });
        return;
      case 'answered':
        this.#parts.answered();
        return;
      case 'sendData':
        this.#stopWaiting();
        this.#wanted = action;
        this.#sendWanted();
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

  #sendWanted(): void {
    if (this.#wanted === undefined || this.#isReading || this.#isOver) return;
    const { from, to } = this.#wanted;
    const { blksize } = this.#parts.terms;
    const [start, end] = [(from - 1) * blksize, Math.min(to * blksize, this.#parts.file.size)];
    if (!this.#ahead.holds(start, end)) {
      void this.#read(start, end);
      return;
    }
    this.#wanted = undefined;
    this.#send(from, to);
  }

  /** One at a time; what is wanted when it has ended may be something else. */
  async #read(start: number, end: number): Promise<void> {
    this.#isReading = true;
    try {
      await this.#ahead.load(start, end, this.#ending.signal);
    } catch (thrown) {
      if (this.#isOver) return;
      this.#guarded(() => this.#happened({ kind: 'failed', ...this.#parts.explain(thrown), now: this.#now() }));
      return;
    }
    this.#isReading = false;
    this.#guarded(() => this.#sendWanted());
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
