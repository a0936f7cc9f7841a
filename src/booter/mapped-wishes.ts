import type { Assignment } from '../boot/assignment.js';
import type { ImageWish } from '../image/image.js';
import type { Machine } from '../machine/machine.js';
import type { ImageReference } from '../oci/reference.js';

export type MappedWish = { readonly reference: ImageReference; readonly wish: ImageWish };

/** What the mappings will ask for, as far as they say for which architectures: worth resolving before a machine comes. */
export function mappedWishes(assignments: readonly Assignment[], machines: readonly Machine[]): readonly MappedWish[] {
  return assignments.flatMap((assignment) =>
    claimedArchitectures(assignment, machines).map((architecture) => ({
      reference: assignment.image,
      wish: { os: 'linux', architecture, variant: assignment.variant } as const,
    })),
  );
}

function claimedArchitectures({ match }: Assignment, machines: readonly Machine[]): readonly string[] {
  if (match.arch !== undefined) return match.arch;
  const meant = machines.filter(
    (machine) =>
      match.machine?.includes(machine.name) === true ||
      machine.macs.some((mac) => match.mac?.includes(mac) === true) ||
      (machine.uuid !== undefined && match.uuid?.includes(machine.uuid) === true),
  );
  return [...new Set(meant.flatMap(({ architecture }) => architecture ?? []))];
}
