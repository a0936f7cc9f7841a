import type { BootEvent, EventSink } from '../boot/event.js';

/** Tells whatever happens to all that listen, of whom some come later. */
export class EventHub {
  readonly #sinks: EventSink[];

  constructor(sinks: readonly EventSink[]) {
    this.#sinks = [...sinks];
  }

  readonly tell: EventSink = (event: BootEvent) => {
    for (const sink of this.#sinks) sink(event);
  };

  add(sink: EventSink): void {
    this.#sinks.push(sink);
  }
}
