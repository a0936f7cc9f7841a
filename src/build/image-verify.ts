import type { Wait } from '../clock.js';
import { BootlayerError, describeError, type ErrorCode } from '../errors.js';
import { continuedContent } from '../oci/continued-content.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { ImageSource, ManifestName } from '../oci/image-source.js';
import { verifiedContent } from '../oci/verified-content.js';
import { readImageTree } from './image-tree.js';

export type VerifyParts = {
  readonly source: ImageSource;
  /** Told before each blob, and how much of it was read. */
  readonly progress: (blob: Descriptor, read: number) => void;
  readonly signal: AbortSignal;
  /** Between two tries of a source that breaks. */
  readonly wait?: Wait;
};

/** `what`: `blob sha256:...`, `manifest sha256:...`. */
export type VerifyProblem = { readonly what: string; readonly code: ErrorCode; readonly reason: string };

export type VerifiedImage = {
  readonly digest: Digest;
  readonly documents: number;
  readonly blobs: number;
  /** Of the blobs that are intact. */
  readonly bytes: number;
  readonly problems: readonly VerifyProblem[];
};

/** Reads an image whole, for all its platforms, and compares everything with its digest. Throws what is wrong with its top. */
export async function verifyImage(name: ManifestName | undefined, parts: VerifyParts): Promise<VerifiedImage> {
  const { source, signal } = parts;
  const problems: VerifyProblem[] = [];
  const onProblem = (what: string, problem: unknown) => {
    const { code } = BootlayerError.from(problem);
    problems.push({ what, code, reason: describeError(problem) });
  };
  const { top, documents, blobs } = await readImageTree(source, name, { signal, onProblem });
  let bytes = 0;
  for (const blob of blobs) {
    try {
      await readBlob(blob, parts);
      bytes += blob.size;
    } catch (thrown) {
      signal.throwIfAborted();
      onProblem(`blob ${blob.digest}`, thrown);
    }
  }
  return { digest: top.descriptor.digest, documents: documents.length, blobs: blobs.length, bytes, problems };
}

async function readBlob(blob: Descriptor, { source, progress, signal, wait }: VerifyParts): Promise<void> {
  progress(blob, 0);
  const content = continuedContent(blob, { source, signal, wait });
  let read = 0;
  for await (const piece of verifiedContent(`${source.name}, blob ${blob.digest}`, blob, content)) {
    read += piece.byteLength;
    progress(blob, read);
  }
  progress(blob, blob.size);
}
