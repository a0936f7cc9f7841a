import type { Assignment } from '../boot/assignment.js';
import { imageMethod } from '../boot/boot-method.js';
import { ALWAYS } from '../boot/policy.js';
import type { NextBoot } from '../boot/standing.js';
import { parseReference } from '../oci/reference.js';

/** As the assignment says, but for the image, and what is in that. */
export function forNext({ iso: _iso, ...assignment }: Assignment, { image, variant }: NextBoot): Assignment {
  const boot = imageMethod(assignment.boot);
  return { ...assignment, image: parseReference(image), boot, ...(variant !== undefined && { variant }) };
}

/** For a machine that has a wish for its next boot, and no assignment. */
export function nobodys(machine: string): Assignment {
  const image = { kind: 'registry', registry: 'none', repository: 'none', tag: 'none', digest: undefined } as const;
  return {
    name: `next boot of ${machine}`,
    priority: 0,
    match: {},
    image,
    variant: 'metal',
    boot: 'auto',
    kernelArgs: [],
    policy: ALWAYS,
  };
}
