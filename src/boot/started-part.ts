import type { Artifact } from '../image/image.js';
import { layerKindOf } from '../image/media-type.js';
import type { FilePart } from '../image/range-reader.js';
import type { Digest } from '../oci/digest.js';

/** What a slice of a layer is to a machine that fetches it. */
export type SliceKind =
  /** The last that is fetched before anything of the image runs. */
  | 'last'
  /** Something else that is fetched before. */
  | 'earlier'
  /** Nothing that a plan names: anybody can make one up. */
  | 'unplanned';

/** A part of a layer that a machine starts. */
export type StartedPart = Required<Artifact> & { readonly slice: Exclude<SliceKind, 'unplanned'> };

/** What these bytes of a layer are among all that is fetched for a start, in its order; undefined for any others. Pure. */
export function startedPart(
  start: readonly Artifact[],
  digest: Digest,
  { offset, length }: FilePart,
): StartedPart | undefined {
  // Parts that coincide are all there with the last of them.
  const position = start.findLastIndex(
    ({ descriptor, part }) => descriptor.digest === digest && part?.offset === offset && part.length === length,
  );
  const found = start[position];
  if (found === undefined) return undefined;
  const slice = position === start.length - 1 ? 'last' : 'earlier';
  return { role: found.role, descriptor: found.descriptor, part: { offset, length }, slice };
}

/** All of the layer that an artifact is of, which is what its type says. Pure. */
export function wholeLayer({ role, descriptor }: Artifact): Artifact {
  return { role: layerKindOf(descriptor.mediaType)?.role ?? role, descriptor };
}
