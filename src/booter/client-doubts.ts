import type { Assignment } from '../boot/assignment.js';
import { isoFilesName } from '../image/iso-files.js';
import { formatReference } from '../oci/reference.js';
import { findUntoldWarnings } from './check-policies.js';
import { checkTarget, type TargetParts } from './check-target.js';
import { findTargetWarnings } from './check-warnings.js';
import type { MappedImages } from './mapped-images.js';
import { architecturesOf } from './mapped-wishes.js';

export type ClientDoubtsParts = Omit<TargetParts, 'images'> & { readonly mapped: Pick<MappedImages, 'resolutions'> };

/** What somebody may not have meant with an assignment, as far as that is known now. Asks nobody, and never rejects. */
export async function assignmentDoubts(assignment: Assignment, parts: ClientDoubtsParts): Promise<readonly string[]> {
  const { defaults, machines } = parts.mapping;
  const untold = findUntoldWarnings({ assignments: [assignment], defaults, machines });
  return [...untold, ...(await clientDoubts(assignment, parts))];
}

/** Which of its machines do not start what an assignment's image is known to hold, and why. Asks nobody, and never rejects. */
export async function clientDoubts(assignment: Assignment, parts: ClientDoubtsParts): Promise<readonly string[]> {
  if (assignment.boot === 'local') return [];
  const image = formatReference(assignment.image);
  const wanted = await architecturesOf(assignment, parts.mapping);
  const known = [...parts.mapped.resolutions()].filter(
    ({ key: { reference, wish } }) =>
      reference === image &&
      wish.variant === assignment.variant &&
      isoFilesName(wish.isoFiles) === isoFilesName(assignment.iso?.files) &&
      (wanted === undefined || wanted.has(wish.architecture)),
  );
  const targets = await Promise.all(
    known.map(({ key, image: resolved }) =>
      checkTarget(assignment, key.wish.architecture, { ...parts, images: { resolve: async () => resolved } }),
    ),
  );
  return findTargetWarnings([{ assignment: assignment.name, image, targets }]);
}
