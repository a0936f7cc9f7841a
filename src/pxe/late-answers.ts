import type { DatagramPort, Peer } from '../net/datagram.js';

type Answer = { readonly port: Pick<DatagramPort, 'send'>; readonly bytes: Buffer; readonly to: Peer };

/**
 * Answers that had to wait, as those of one write to the disk have, which come at once: they go out together when all of them
 * are there, as the answers of a turn do, so that whoever is woken by the first is awake for the others.
 */
export class LateAnswers {
  readonly #later: (run: () => void) => void;
  readonly #fault: (thrown: unknown) => void;
  #held: Answer[] = [];

  /** `fault`: one could not be sent. `later`: runs it after everything that is at hand. */
  constructor(fault: (thrown: unknown) => void, later: (run: () => void) => void = setImmediate) {
    this.#fault = fault;
    this.#later = later;
  }

  send(answer: Answer): void {
    this.#held.push(answer);
    if (this.#held.length === 1) this.#later(() => this.#release());
  }

  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const { port, bytes, to } of held) {
      try {
        port.send(bytes, to);
      } catch (thrown) {
        this.#fault(thrown);
      }
    }
  }
}
