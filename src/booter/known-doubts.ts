import type { EntryKind } from '../boot/entry.js';
import { addressDoubts } from './address-doubts.js';
import { findNameless } from './check-policies.js';
import { assignmentDoubts, type ClientDoubtsParts } from './client-doubts.js';
import type { LeaseRegister } from './leases.js';
import type { Mapping } from './mapping.js';

export type KnownDoubtsParts = {
  /** Whether who asks must be shown to be the machine (`identity.verify`). */
  readonly verifies: () => boolean;
  /** What is known of mapped images, and how machines would be told. */
  readonly known: Omit<ClientDoubtsParts, 'mapping'>;
  /** Where this server gives addresses. */
  readonly leases?: Pick<LeaseRegister, 'at' | 'subnets'> | undefined;
};

/**
 * What somebody may not have meant with an entry of a mapping, which need not be in force, as far as that is known now. Asks nobody,
 * and never rejects.
 */
export async function knownDoubts(
  { kind, name }: { readonly kind: EntryKind; readonly name: string },
  mapping: Mapping,
  { verifies, known, leases }: KnownDoubtsParts,
): Promise<readonly string[]> {
  if (kind === 'assignment') {
    const assignment = mapping.byName.get(name);
    return assignment === undefined ? [] : assignmentDoubts(assignment, { ...known, mapping });
  }
  const machine = mapping.inventory.named(name);
  if (machine === undefined) return [];
  const ofAddress = leases === undefined ? [] : addressDoubts(machine, mapping, leases);
  return [...ofAddress, ...(verifies() ? findNameless([machine], mapping) : [])];
}
