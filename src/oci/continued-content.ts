import { type Wait, waitFor } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { Descriptor } from './descriptor.js';
import type { ImageSource } from './image-source.js';

export type ContinuedParts = {
  readonly source: Pick<ImageSource, 'name' | 'fetchBlob'>;
  readonly signal: AbortSignal;
  /** Between two tries. */
  readonly wait: Wait | undefined;
};

const MAX_BREAKS = 10;
const PAUSE_MILLISECONDS = 1_000;

/**
 * A blob's bytes from its source to the last one: where it breaks off, it is gone on with. Not verified. Throws what the source
 * throws, at last, and the signal's reason.
 */
export async function* continuedContent(
  descriptor: Descriptor,
  { source, signal, wait = waitFor }: ContinuedParts,
): AsyncGenerator<Uint8Array, void> {
  let position = 0;
  for (let breaks = 1; ; breaks += 1) {
    try {
      for await (const piece of await source.fetchBlob(descriptor, signal, position)) {
        position += piece.byteLength;
        yield piece;
      }
      if (position >= descriptor.size) return;
      throw endedEarly(source.name, descriptor, position);
    } catch (thrown) {
      signal.throwIfAborted();
      const isBreak = thrown instanceof BootlayerError && thrown.code === 'REGISTRY_UNREACHABLE';
      if (!isBreak || position === 0 || breaks === MAX_BREAKS) throw thrown;
    }
    await wait(PAUSE_MILLISECONDS * breaks, signal);
  }
}

function endedEarly(name: string, { digest, size }: Descriptor, position: number): BootlayerError {
  const why = `it ended after ${position} of ${size} bytes`;
  return new BootlayerError('REGISTRY_UNREACHABLE', `${name} cannot be asked for blob ${digest}: ${why}`, {
    remedy: 'see that the registry runs and can be reached from this host',
  });
}
