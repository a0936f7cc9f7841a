import cliProgress from 'cli-progress';
import { formatBytes } from '../format.js';
import { layerKindOf } from '../image/media-type.js';
import type { Descriptor } from '../oci/descriptor.js';
import { hexOf } from '../oci/digest.js';

/** `size` in bytes; `how`: a word on how it came to its end, when that is worth one. */
export type Transferred = { readonly size: number; readonly how?: string };

/** Bars for a person at a terminal, one plain line for each finished part in a pipe. */
class TransferProgress {
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
          {
            stream,
            format: '{name} {bar} {percentage}% {sent} of {size} {how}',
            hideCursor: true,
            clearOnComplete: false,
          },
          cliProgress.Presets.shades_classic,
        )
      : undefined;
  }

  update(name: string, sent: number, { size, how = '' }: Transferred): void {
    if (this.#bars !== undefined) {
      const told = { sent: formatBytes(sent), size: formatBytes(size), how: sent === size ? how : '' };
      this.#bar(this.#bars, name, size).update(sent, told);
    } else if (sent === size && !this.#done.has(name)) {
      this.#done.add(name);
      this.#stream.write(`${this.#title}: ${name} ${formatBytes(size)}${how === '' ? '' : `, ${how}`}\n`);
    }
  }

  stop(): void {
    this.#bars?.stop();
  }

  #bar(bars: cliProgress.MultiBar, name: string, size: number): cliProgress.SingleBar {
    const shown = this.#shown.get(name);
    if (shown !== undefined) return shown;
    const told = { name: name.padEnd(10), sent: formatBytes(0), size: formatBytes(size), how: '' };
    const bar = bars.create(size, 0, told);
    this.#shown.set(name, bar);
    return bar;
  }
}

/** Shows on stderr how the work gets on, for as long as it takes. */
export async function withProgress<T>(title: string, work: (shown: TransferProgress) => Promise<T>): Promise<T> {
  const shown = new TransferProgress(process.stderr, title);
  try {
    return await work(shown);
  } finally {
    shown.stop();
  }
}

/** `kernel 0c108326902b`: what it is for, where its type says so. */
export function blobName({ mediaType, digest }: Descriptor): string {
  return `${(layerKindOf(mediaType)?.role ?? 'blob').padEnd(9)} ${hexOf(digest).slice(0, 12)}`;
}
