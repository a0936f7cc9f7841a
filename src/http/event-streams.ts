import type { ServerResponse } from 'node:http';
import { EventStream, eventText } from './event-stream.js';

/** Those who listen at the same time, each to all machines or to one. */
export class EventStreams {
  /** With the machine, where it is one. */
  readonly #streams = new Map<EventStream, string | undefined>();

  get size(): number {
    return this.#streams.size;
  }

  /** `ended`: called once, whoever ends it. */
  add(response: ServerResponse, machine: string | undefined, ended: () => void): void {
    const stream: EventStream = new EventStream(response, () => {
      this.#streams.delete(stream);
      ended();
    });
    this.#streams.set(stream, machine);
  }

  /** Something that a machine has done: whoever does not get all of it is dropped. */
  tell(name: string, machine: string, data: unknown): void {
    const text = eventText(name, data);
    for (const [stream, wanted] of this.#streams) if (wanted === undefined || wanted === machine) stream.send(text);
  }

  /** How things are at this moment, with those of one machine or of all: whoever is slow gets the next. Answers whether all have it. */
  show(name: string, dataOf: (machine: string | undefined) => unknown): boolean {
    const idle = [...this.#streams].filter(([stream]) => stream.isIdle);
    const texts = new Map<string | undefined, string>();
    for (const [stream, machine] of idle) {
      const text = texts.get(machine) ?? eventText(name, dataOf(machine));
      texts.set(machine, text);
      stream.send(text);
    }
    return idle.length === this.#streams.size;
  }

  end(): void {
    for (const stream of this.#streams.keys()) stream.end();
  }
}
