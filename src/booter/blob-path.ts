import type { FilePart } from '../image/range-reader.js';
import { type Digest, digestFromHex } from '../oci/digest.js';

export type BlobPath = {
  readonly digest: Digest;
  /** Without one, all of it. */
  readonly slice?: FilePart;
};

const PATH = /^blobs\/sha256\/([^/]+)(?:\/(\d[^/]*))?\/[^/]+$/;

/** `blobs/sha256/<hex>/<name>` and `blobs/sha256/<hex>/<offset>+<length>/<name>`; undefined for anything else. Pure. */
export function parseBlobPath(path: string): BlobPath | undefined {
  const match = PATH.exec(path);
  const digest = digestFromHex(match?.[1] ?? '');
  if (match === null || digest === undefined) return undefined;
  if (match[2] === undefined) return { digest };
  const slice = parseSlice(match[2]);
  return slice === undefined ? undefined : { digest, slice };
}

/** `4096+1024`. Pure. */
export function parseSlice(text: string): FilePart | undefined {
  const match = /^(\d{1,15})\+(\d{1,15})$/.exec(text);
  return match === null ? undefined : { offset: Number(match[1]), length: Number(match[2]) };
}
