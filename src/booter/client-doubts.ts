import type { Assignment } from '../boot/assignment.js';
import { isoFilesName } from '../image/iso-files.js';
import { formatReference } from '../oci/reference.js';
import { findUntoldWarnings } from './check-policies.js';
import type { AssignmentCheck } from './check-report.js';
import { checkTarget, type TargetParts } from './check-target.js';
import { findTargetWarnings } from './check-warnings.js';
import { findLostArguments } from './lost-arguments.js';
import type { MappedImages } from './mapped-images.js';
import { architecturesOf } from './mapped-wishes.js';

export type ClientDoubtsParts = Omit<TargetParts, 'images'> & { readonly mapped: Pick<MappedImages, 'resolutions'> };

/** What somebody may not have meant with an assignment, as far as that is known now. Asks nobody, and never rejects. */
export async function assignmentDoubts(assignment: Assignment, parts: ClientDoubtsParts): Promise<readonly string[]> {
  const { defaults, machines } = parts.mapping;
  const untold = findUntoldWarnings({ assignments: [assignment], defaults, machines });
  const checks = await knownChecks(assignment, parts);
  return [...untold, ...findTargetWarnings(checks), ...findLostArguments(parts.mapping, checks)];
}

/** Of an assignment, what its machines do of what its image is known to hold. Nothing where they boot their disks. */
async function knownChecks(assignment: Assignment, parts: ClientDoubtsParts): Promise<readonly AssignmentCheck[]> {
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
  return [{ assignment: assignment.name, image, targets }];
}
