import type { DatagramHandler, DatagramPort, Peer } from './datagram.js';
import { NO_IP4 } from './ip.js';

type Datagram = { readonly bytes: Buffer; readonly from: Peer };

export type DatagramQueueOptions = {
  /** The handler has thrown: a fault of ours, which is to end nothing. */
  readonly fault: (thrown: unknown) => void;
  /** So many more were dropped. */
  readonly dropped?: (count: number) => void;
  readonly limit?: number;
  /** All that is handled in one turn has been. */
  readonly handled?: () => void;
  /** Runs it after everything else that waits. */
  readonly later?: (run: () => void) => void;
};

const LIMIT = 1_024;
/**
 * Handled before anything else gets its turn. Half of what node reads of a socket in its turn: what is read is dropped fairly
 * when there is too much of it, and what is not is dropped by the system, whoever it is from.
 */
const AT_ONCE = 16;

/**
 * Between a port that anybody may flood and what handles it: when more comes than is handled, the oldest are dropped of those
 * sources that have the most. Machines without an address count as many.
 */
export class DatagramQueue {
  readonly #handler: DatagramHandler;
  readonly #fault: (thrown: unknown) => void;
  readonly #dropped: (count: number) => void;
  readonly #limit: number;
  readonly #handled: () => void;
  readonly #later: (run: () => void) => void;
  #waiting: Datagram[] = [];
  #isRunning = false;

  constructor(handler: DatagramHandler, options: DatagramQueueOptions) {
    const { fault, dropped = nothing, limit = LIMIT, handled = nothing, later = setImmediate } = options;
    this.#handler = handler;
    this.#fault = fault;
    this.#dropped = dropped;
    this.#limit = limit;
    this.#handled = handled;
    this.#later = later;
  }

  push(bytes: Buffer, from: Peer): void {
    this.#waiting.push({ bytes, from });
    // All at once, since each shift would move the rest.
    if (this.#waiting.length >= 2 * this.#limit) this.#dropSome();
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#later(() => this.#run());
  }

  #dropSome(): void {
    const kept = fairShare(this.#waiting, this.#limit);
    this.#dropped(this.#waiting.length - kept.length);
    this.#waiting = kept;
  }

  #handle({ bytes, from }: Datagram): void {
    try {
      this.#handler(bytes, from);
    } catch (thrown) {
      this.#fault(thrown);
    }
  }

  #run(): void {
    for (const datagram of this.#waiting.splice(0, AT_ONCE)) this.#handle(datagram);
    this.#handled();
    this.#isRunning = this.#waiting.length > 0;
    if (this.#isRunning) this.#later(() => this.#run());
  }
}

function nothing(): void {
  // Nobody wants to know.
}

/**
 * In their order. Half of the room is for those without an address, who are not one source, but all the machines of a network
 * that begin (RFC 2131, 4.1): else thirty addresses have thirty times what they have.
 */
function fairShare(all: readonly Datagram[], limit: number): Datagram[] {
  const addressless = all.filter(({ from }) => from.address === NO_IP4);
  const others = all.filter(({ from }) => from.address !== NO_IP4);
  const room = Math.max(Math.floor(limit / 2), limit - others.length);
  const first = addressless.slice(-room);
  const kept = new Set([...first, ...newestOfEach(others, limit - first.length)]);
  return all.filter((datagram) => kept.has(datagram));
}

/** The newest of each source, at most so many of all, and as few of any one as it takes. */
function newestOfEach(all: readonly Datagram[], limit: number): readonly Datagram[] {
  const counts = new Map<string, number>();
  for (const { from } of all) counts.set(from.address, (counts.get(from.address) ?? 0) + 1);
  const share = equalShare([...counts.values()], limit);
  const kept: Datagram[] = [];
  for (const datagram of all) {
    const left = counts.get(datagram.from.address) ?? 0;
    counts.set(datagram.from.address, left - 1);
    if (left <= share) kept.push(datagram);
  }
  // So many sources that there is less than one for each.
  return kept.slice(-limit);
}

/** How many each may have, at least one, when who wants less leaves the rest to the others. */
function equalShare(wanted: readonly number[], limit: number): number {
  let [left, others] = [limit, wanted.length];
  for (const one of wanted.toSorted((a, b) => a - b)) {
    if (one * others > left) return Math.max(1, Math.floor(left / others));
    left -= one;
    others -= 1;
  }
  return limit;
}

type Outgoing = { readonly bytes: Buffer; readonly to: Peer };

/**
 * A port with such a queue before whoever gets what comes. What is sent while a turn is handled goes out at its end, together:
 * whoever is woken by the first answer is awake for the others, which takes a third of all the time of an answer from both.
 */
export class QueuedPort implements DatagramPort {
  readonly #port: DatagramPort;
  readonly #options: DatagramQueueOptions;
  #isHandling = false;
  #held: Outgoing[] = [];

  constructor(port: DatagramPort, options: DatagramQueueOptions) {
    this.#port = port;
    this.#options = options;
  }

  get local(): Peer {
    return this.#port.local;
  }

  receive(handler: DatagramHandler): void {
    const handle: DatagramHandler = (bytes, from) => {
      this.#isHandling = true;
      handler(bytes, from);
    };
    const queue = new DatagramQueue(handle, { ...this.#options, handled: () => this.#release() });
    this.#port.receive((bytes, from) => queue.push(bytes, from));
  }

  send(bytes: Buffer, to: Peer): void {
    if (this.#isHandling) this.#held.push({ bytes, to });
    else this.#port.send(bytes, to);
  }

  #release(): void {
    const held = this.#held;
    this.#isHandling = false;
    this.#held = [];
    for (const one of held) this.#sendHeld(one);
  }

  /** Nothing is to keep the others' answers back, or the next turn. */
  #sendHeld({ bytes, to }: Outgoing): void {
    try {
      this.#port.send(bytes, to);
    } catch (thrown) {
      this.#options.fault(thrown);
    }
  }

  close(): Promise<void> {
    return this.#port.close();
  }
}
