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
  /** What the system fetches by itself: its root file system. */
  | 'later'
  /** Nothing that a plan names: anybody can make one up. */
  | 'unplanned';

/** What a machine fetches before anything of its image runs, in its order, and what its system then may. */
export type Fetches = {
  readonly start: readonly Artifact[];
  readonly later: readonly Artifact[];
  /** It reads what starts as a disc. */
  readonly isDisc?: boolean;
};

/** A part of a layer that a machine starts, or that its system fetches. */
export type StartedPart = Required<Artifact> & { readonly slice: Exclude<SliceKind, 'unplanned'> };

/** What these bytes of a layer are among all that a machine fetches; undefined for any others. Pure. */
export function startedPart({ start, later }: Fetches, digest: Digest, part: FilePart): StartedPart | undefined {
  const isThat = (one: Artifact) => isPart(one, digest, part);
  // Parts that coincide are all there with the last of them.
  const position = start.findLastIndex(isThat);
  const found = start[position] ?? later.find(isThat);
  if (found === undefined) return undefined;
  const slice = position === -1 ? 'later' : position === start.length - 1 ? 'last' : 'earlier';
  const { offset, length } = part;
  return { role: found.role, descriptor: found.descriptor, part: { offset, length }, slice };
}

function isPart({ descriptor, part }: Artifact, digest: Digest, { offset, length }: FilePart): boolean {
  return descriptor.digest === digest && part?.offset === offset && part.length === length;
}

/** All of the layer that an artifact is of, which is what its type says. Pure. */
export function wholeLayer({ role, descriptor }: Artifact): Artifact {
  return { role: layerKindOf(descriptor.mediaType)?.role ?? role, descriptor };
}
