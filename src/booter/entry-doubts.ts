import type { EntryKind } from '../boot/entry.js';
import { isRestricted } from '../boot/policy.js';
import type { Clock } from '../clock.js';
import { BootlayerError, type ErrorCode, publicMessage, publicRemedy } from '../errors.js';
import { formatDuration } from '../format.js';
import type { Machine } from '../machine/machine.js';
import { formatReference } from '../oci/reference.js';
import { addressDoubts } from './address-doubts.js';
import { assignmentDoubts, type ClientDoubtsParts } from './client-doubts.js';
import type { ImageDesk } from './image-desk.js';
import type { LeaseRegister } from './leases.js';
import { possibleAssignments } from './mapped-wishes.js';
import type { Mapping } from './mapping.js';

/** What somebody may not have meant with what was changed just now: it counts all the same. */

/** Whoever changed it waits for so long. */
const PATIENCE_MILLISECONDS = 5_000;

export type EntryDoubtsParts = {
  readonly desk: Pick<ImageDesk, 'resolve'>;
  /** The one in force. */
  readonly mapping: () => Mapping;
  /** Whether who asks must be shown to be the machine (`identity.verify`). */
  readonly verifies: () => boolean;
  readonly clock: Pick<Clock, 'within'>;
  /** What is known of mapped images, and how machines would be told. */
  readonly known: Omit<ClientDoubtsParts, 'mapping'>;
  /** Where this server gives addresses. */
  readonly leases?: Pick<LeaseRegister, 'at' | 'subnets'> | undefined;
};

export class EntryDoubts {
  readonly #parts: EntryDoubtsParts;

  constructor(parts: EntryDoubtsParts) {
    this.#parts = parts;
  }

  /** Of an entry that is in force. Never rejects. */
  async ofEntry(kind: EntryKind, name: string): Promise<readonly string[]> {
    const { mapping: inForce, known } = this.#parts;
    if (kind === 'machine') return this.#ofMachine(name);
    const mapping = inForce();
    const assignment = mapping.assignments.find((one) => one.name === name);
    if (assignment === undefined) return [];
    const ofImage = await this.ofImage(formatReference(assignment.image));
    return [...ofImage, ...(await assignmentDoubts(assignment, { ...known, mapping }))];
  }

  /** Why a mapped image cannot be had. Never rejects. */
  async ofImage(reference: string): Promise<readonly string[]> {
    const { desk, clock } = this.#parts;
    try {
      const asked = await clock.within(PATIENCE_MILLISECONDS, desk.resolve(reference));
      if (asked.kind === 'done')
        return asked.value.problems.map(({ code, message }) => unavailable(reference, { code, why: message }));
      const patience = formatDuration(PATIENCE_MILLISECONDS);
      return [`whether ${reference} can be had is not known: its source has not answered within ${patience}`];
    } catch (thrown) {
      const error = BootlayerError.from(thrown);
      const remedy = publicRemedy(error);
      const why = `${publicMessage(error)}${remedy === undefined ? '' : `; ${remedy}`}`;
      return [unavailable(reference, { code: error.code, why })];
    }
  }

  #ofMachine(name: string): readonly string[] {
    const { mapping, leases } = this.#parts;
    const machine = mapping().inventory.named(name);
    if (machine === undefined) return [];
    const ofAddress = leases === undefined ? [] : addressDoubts(machine, mapping(), leases);
    return [...ofAddress, ...this.#ofIdentity(machine)];
  }

  /** Nobody is shown to be a machine whose cards are not known. */
  #ofIdentity(machine: Machine): readonly string[] {
    const { mapping, verifies } = this.#parts;
    const { name, macs } = machine;
    const { index } = mapping();
    if (macs.length > 0 || !verifies()) return [];
    if (!possibleAssignments(machine, index).some(({ policy }) => isRestricted(policy))) return [];
    return [`${name} will not be booted, since its policy wants to know who asks, which only a MAC shows: say its mac`];
  }
}

/** An image that is there, and not for these machines, says so itself, with what it is for. */
function unavailable(reference: string, { code, why }: { readonly code: ErrorCode; readonly why: string }): string {
  return code === 'IMAGE_NO_PLATFORM' ? why : `${reference} cannot be had now: ${why}`;
}
