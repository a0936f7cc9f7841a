import { setImmediate } from 'node:timers/promises';
import type { Assignment } from '../boot/assignment.js';
import { resolutionName } from '../boot/ports.js';
import type { ImageWish } from '../image/image.js';
import { formatReference, type ImageReference, placeOf } from '../oci/reference.js';
import { mappedWishes, openAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';

/** Everything that the mapping will ask of one reference. */
export type MappedReference = {
  readonly reference: ImageReference;
  /** Its canonical spelling. */
  readonly text: string;
  /** For the architectures that the mapping says; none twice. */
  readonly wishes: readonly ImageWish[];
  /** Their machines may be of any architecture that the image has. */
  readonly open: readonly Assignment[];
};

/** By the place that is asked for them. */
export async function mappedReferences(mapping: Mapping): Promise<ReadonlyMap<string, readonly MappedReference[]>> {
  const found = new Map<string, { reference: ImageReference; wishes: Map<string, ImageWish>; open: Assignment[] }>();
  const entryOf = (reference: ImageReference) => {
    const text = formatReference(reference);
    const entry = found.get(text) ?? { reference, wishes: new Map<string, ImageWish>(), open: [] };
    found.set(text, entry);
    return { ...entry, text };
  };
  let count = 0;
  for (const { reference, wish } of mappedWishes(mapping)) {
    const { text, wishes } = entryOf(reference);
    wishes.set(resolutionName({ reference: text, wish }), wish);
    count += 1;
    // Ten thousand machines may share an image: packets are not to wait while they are gone through.
    if (count % 100 === 0) await setImmediate();
  }
  for (const assignment of [...(await openAssignments(mapping)), ...mapping.wishes])
    entryOf(assignment.image).open.push(assignment);
  const places = new Map<string, MappedReference[]>();
  for (const [text, { reference, wishes, open }] of found) {
    const place = placeOf(reference);
    const there = places.get(place) ?? [];
    there.push({ reference, text, wishes: [...wishes.values()], open });
    places.set(place, there);
  }
  return places;
}
