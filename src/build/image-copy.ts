import pLimit from 'p-limit';
import type { Wait } from '../clock.js';
import { BootlayerError } from '../errors.js';
import { continuedContent } from '../oci/continued-content.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import { countedContent, type ImageSource, type ImageTarget, type ManifestName } from '../oci/image-source.js';
import { readImageTree } from './image-tree.js';

/** How a blob came to where it is now. */
export type Transfer = 'sent' | 'mounted' | 'there';

/** Told before each blob, and how much of it went out; at its end, how. */
export type CopyProgress = (blob: Descriptor, sent: number, how?: Transfer) => void;

export type CopyParts = {
  readonly source: ImageSource;
  readonly destination: ImageTarget;
  readonly progress: CopyProgress;
  readonly signal: AbortSignal;
  /** Between two tries of a source that breaks. */
  readonly wait?: Wait;
};

export type CopiedImage = {
  readonly digest: Digest;
  readonly blobs: readonly (Descriptor & { readonly how: Transfer })[];
};

/** Blobs on their way at once. */
const MAX_BLOBS = 3;

/**
 * Copies an image for all its platforms, byte for byte, so that nothing ever names what is not there yet: blobs, manifests,
 * indexes, then the tag. What is there already is not sent, so that a copy that was interrupted goes on. Throws what source and
 * destination throw.
 */
export async function copyImage(name: ManifestName | undefined, tag: string, parts: CopyParts): Promise<CopiedImage> {
  const { source, destination, signal } = parts;
  const { top, documents, blobs } = await readImageTree(source, name, { signal });
  const transfers = await copyBlobs(blobs, parts);
  for (const document of documents) {
    signal.throwIfAborted();
    await destination.pushDocument(document, document === top ? tag : undefined);
  }
  return { digest: top.descriptor.digest, blobs: transfers };
}

/** One that fails ends the others, and is what is told. */
async function copyBlobs(blobs: readonly Descriptor[], parts: CopyParts): Promise<CopiedImage['blobs']> {
  const failed = new AbortController();
  const signal = AbortSignal.any([parts.signal, failed.signal]);
  const limit = pLimit(MAX_BLOBS);
  const all = blobs.map((blob) =>
    limit(async () => {
      try {
        signal.throwIfAborted();
        return { ...blob, how: await copyBlob(blob, { ...parts, signal }) };
      } catch (thrown) {
        failed.abort(thrown);
        throw thrown;
      }
    }),
  );
  await Promise.allSettled(all);
  parts.signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason as Error;
  return Promise.all(all);
}

async function copyBlob(blob: Descriptor, parts: CopyParts): Promise<Transfer> {
  const { source, destination, progress } = parts;
  progress(blob, 0);
  const how = (await withoutSending(blob, source, destination)) ?? (await send(blob, parts));
  progress(blob, blob.size, how);
  return how;
}

async function send(blob: Descriptor, { source, destination, progress, signal, wait }: CopyParts): Promise<'sent'> {
  const content = () => continuedContent(blob, { source, signal, wait });
  await destination
    .pushBlob(blob, () => countedContent(content(), (sent) => progress(blob, sent), signal))
    .catch((thrown: unknown) => tellOfSource(source, thrown));
  return 'sent';
}

async function withoutSending(
  blob: Descriptor,
  source: ImageSource,
  destination: ImageTarget,
): Promise<'there' | 'mounted' | undefined> {
  if (await destination.hasBlob(blob)) return 'there';
  return (await destination.mountBlob(blob, source.name)) ? 'mounted' : undefined;
}

/** The destination checks what it is given, and cannot know whose it is. */
function tellOfSource({ name }: ImageSource, thrown: unknown): never {
  if (!(thrown instanceof BootlayerError) || thrown.code !== 'DIGEST_MISMATCH') throw thrown;
  throw new BootlayerError('DIGEST_MISMATCH', `${name} has wrong bytes: ${thrown.message}`, {
    remedy: 'push the image there again',
    cause: thrown,
  });
}
