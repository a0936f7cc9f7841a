import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { Platform } from '../oci/platform.js';
import type { ReadIso } from './iso.js';
import type { IsoFiles } from './iso-files.js';
import type { KernelFacts } from './kernel-kind.js';
import type { FilePart } from './range-reader.js';
import type { Role } from './role.js';
import type { ReadUki } from './uki.js';

/** A role and the bytes that fill it. */
export type Artifact = {
  readonly role: Role;
  /** The layer. */
  readonly descriptor: Descriptor;
  /** What of the layer it is, when it is not all of it. */
  readonly part?: FilePart;
};

/** What layers are by how they begin. A layer that there is not, or that could not be read, is missing. */
export type ImageContents = {
  readonly kernel?: KernelFacts;
  readonly uki?: ReadUki;
  readonly iso?: ReadIso;
};

/** Which of an index's manifests is wanted, and what of its ISO. */
export type ImageWish = {
  readonly architecture: string;
  readonly os: 'linux';
  /** IronCore's `variant` annotation; bare metal prefers `metal`. */
  readonly variant: string;
  /** What is to be started of its ISO, where that is not for the ISO to say. */
  readonly isoFiles?: IsoFiles;
};

/** What a reference means for one architecture now, pinned to digests. Plain data: it is stored as JSON. */
export type ResolvedImage = {
  /** The canonical text of the reference it was resolved from. */
  readonly reference: string;
  /** `registry/repository` or `oci:<absolute folder>`: where its blobs are fetched from. */
  readonly location: string;
  /** Of what the tag named: an index or a single manifest. */
  readonly digest: Digest;
  readonly manifestDigest: Digest;
  readonly platform: Platform;
  readonly variant?: string;
  readonly artifacts: readonly Artifact[];
  /** The image's own kernel arguments, white space trimmed; may be empty. */
  readonly commandLine: string;
  /** What is to be started of its ISO, as it was wished: whoever reads that layer reads it for this. */
  readonly isoFiles?: IsoFiles;
  /** Read of layers that nobody may have downloaded, and so not verified; missing in what older versions have stored. */
  readonly contents?: ImageContents;
};

export function artifactOf(image: Pick<ResolvedImage, 'artifacts'>, role: Role): Artifact | undefined {
  return image.artifacts.find((artifact) => artifact.role === role);
}
