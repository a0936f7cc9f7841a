import type { Assignment } from '../boot/assignment.js';
import type { Subject } from '../machine/inventory.js';

/**
 * Whether a machine that asks by DHCP is to be booted, as far as its packet shows. `open`: an assignment that waits for what
 * only a later step shows stands before all that are sure. `unmapped`: all of them are a definite no.
 */
export type Invitation =
  | { readonly kind: 'sure'; readonly subject: Subject; readonly assignment: Assignment }
  | { readonly kind: 'open'; readonly subject: Subject; readonly assignment: Assignment }
  | { readonly kind: 'unmapped'; readonly subject: Subject }
  /** The server is about to end. */
  | { readonly kind: 'draining'; readonly subject: Subject };
