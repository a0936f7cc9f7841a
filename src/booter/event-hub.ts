import type { BootEvent, EventSink } from '../boot/event.js';

/** Tells whatever happens to all that listen, of whom some come later. */
export class EventHub {
  readonly #sinks: Set<EventSink>;

  constructor(sinks: readonly EventSink[]) {
    this.#sinks = new Set(sinks);
  }

  readonly tell: EventSink = (event: BootEvent) => {
    for (const sink of this.#sinks) sink(event);
  };

  /** Answers what ends it. */
  add(sink: EventSink): () => void {
    this.#sinks.add(sink);
    return () => void this.#sinks.delete(sink);
  }
}
