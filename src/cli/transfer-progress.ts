import cliProgress from 'cli-progress';
import { formatBytes } from '../format.js';

/** Bars for a person at a terminal, one plain line for each finished part in a pipe. */
export class TransferProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #title: string;
  readonly #bars: cliProgress.MultiBar | undefined;
  readonly #shown = new Map<string, cliProgress.SingleBar>();
  readonly #done = new Set<string>();

  constructor(stream: NodeJS.WriteStream, title: string) {
    this.#stream = stream;
    this.#title = title;
    this.#bars = stream.isTTY
      ? new cliProgress.MultiBar(
          { stream, format: '{name} {bar} {percentage}% {sent} of {size}', hideCursor: true, clearOnComplete: false },
          cliProgress.Presets.shades_classic,
        )
      : undefined;
  }

  update(name: string, sent: number, size: number): void {
    if (this.#bars !== undefined) {
      this.#bar(this.#bars, name, size).update(sent, { sent: formatBytes(sent), size: formatBytes(size) });
    } else if (sent === size && !this.#done.has(name)) {
      this.#done.add(name);
      this.#stream.write(`${this.#title}: ${name} ${formatBytes(size)}\n`);
    }
  }

  stop(): void {
    this.#bars?.stop();
  }

  #bar(bars: cliProgress.MultiBar, name: string, size: number): cliProgress.SingleBar {
    const shown = this.#shown.get(name);
    if (shown !== undefined) return shown;
    const bar = bars.create(size, 0, { name: name.padEnd(10), sent: formatBytes(0), size: formatBytes(size) });
    this.#shown.set(name, bar);
    return bar;
  }
}
