import type { ServerResponse } from 'node:http';

/** More than that waits for nobody who does not read. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** Whoever hears nothing for longer takes the connection for dead. */
const BEAT_MILLISECONDS = 15_000;

/** A response that goes on: events as they happen (HTML standard, server-sent events). */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #beat: NodeJS.Timeout;

  /** `ended`: called once, whoever ends it. */
  constructor(response: ServerResponse, ended: () => void) {
    this.#response = response;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    this.#beat = setInterval(() => response.write(':\n\n'), BEAT_MILLISECONDS);
    response.once('close', () => {
      clearInterval(this.#beat);
      ended();
    });
  }

  /** Nothing waits for whoever reads. */
  get isIdle(): boolean {
    return this.#response.writableLength === 0;
  }

  /** What `eventText` has made. */
  send(text: string): void {
    if (this.#response.writableLength > MOST_WAITING_BYTES) this.end();
    else this.#response.write(text);
  }

  end(): void {
    clearInterval(this.#beat);
    this.#response.destroy();
  }
}

/** An event as it is sent. */
export function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
