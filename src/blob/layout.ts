import type { Descriptor } from '../oci/descriptor.js';
import { type Digest, digestFromHex, hexOf } from '../oci/digest.js';

/**
 * The cache as a folder (image-spec, image-layout.md), readable by other tools: `blobs/sha256/<hex>` holds verified
 * blobs only, `ingest/` what is on its way in.
 */
export const LAYOUT_FILE = 'oci-layout';
export const LAYOUT_CONTENTS = '{"imageLayoutVersion":"1.0.0"}';
export const INDEX_FILE = 'index.json';
/** The cache names no images: what is in it belongs to plans and mappings. */
export const INDEX_CONTENTS =
  '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
export const BLOBS = 'blobs/sha256';
export const INGEST = 'ingest';

/** `sha256:ab..` is `blobs/sha256/ab..`. */
export function blobPath(digest: Digest): string {
  return `${BLOBS}/${hexOf(digest)}`;
}

/** `ingest/ab...<size>.<mark>`: who shares a folder never writes to one file, nor who differs about the size. */
export function ingestPath({ digest, size }: Pick<Descriptor, 'digest' | 'size'>, mark: string): string {
  return `${INGEST}/${hexOf(digest)}.${size}.${mark}`;
}

/** The digest a file in `blobs/sha256` stands for; undefined for strangers' files. */
export function digestOfFile(name: string): Digest | undefined {
  return digestFromHex(name);
}

export type PartName = {
  readonly digest: Digest;
  /** Of the whole blob, as somebody claims. */
  readonly size: number;
  readonly mark: string;
};

/** What a file in `ingest` is a part of; undefined for what is none. */
export function readPartName(name: string): PartName | undefined {
  const [hex = '', size = '', mark, ...rest] = name.split('.');
  const digest = digestFromHex(hex);
  if (digest === undefined || !/^\d{1,16}$/.test(size) || mark === undefined || rest.length > 0) return undefined;
  return { digest, size: Number(size), mark };
}
