import type { Assignment } from '../boot/assignment.js';
import type { MachineFacts } from '../machine/facts.js';
import type { Subject } from '../machine/inventory.js';
import { assignmentFor, type Mapping } from './mapping.js';

/**
 * Whether a machine that asks by DHCP is to be booted, as far as its packet shows. `open`: a later step decides, since an assignment
 * that waits for more facts stands before all that are sure, or the sure one is out of force and the script says so. `unmapped`: all
 * of them are a definite no.
 */
export type Invitation =
  | { readonly kind: 'sure'; readonly subject: Subject; readonly assignment: Assignment }
  | { readonly kind: 'open'; readonly subject: Subject; readonly assignment: Assignment }
  | { readonly kind: 'unmapped'; readonly subject: Subject }
  /** They are, and it is to wait until one is not. */
  | { readonly kind: 'unknown'; readonly subject: Subject }
  /** Its policy sends it to its local disk. */
  | { readonly kind: 'local'; readonly subject: Subject; readonly assignment: Assignment; readonly reason: string }
  /** The server is about to end. */
  | { readonly kind: 'draining'; readonly subject: Subject };

/** Pure. */
export function inviteBy(
  mapping: Pick<Mapping, 'inventory' | 'index' | 'machinesOutOfForce'>,
  facts: MachineFacts,
): Invitation {
  const subject = mapping.inventory.identify(facts);
  const selection = assignmentFor(mapping, subject);
  if (selection.kind === 'none') return { kind: 'unmapped', subject };
  const { assignment } = selection;
  const isSure = selection.kind === 'selected' && assignment.outOfForce === undefined;
  return { kind: isSure ? 'sure' : 'open', subject, assignment };
}
