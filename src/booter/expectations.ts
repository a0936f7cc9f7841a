import type { BlobSource } from '../blob/blob-store.js';
import type { Assignment } from '../boot/assignment.js';
import type { Clock } from '../clock.js';
import { artifactOf } from '../image/image.js';
import type { Role } from '../image/role.js';
import type { Subject } from '../machine/inventory.js';
import type { Descriptor } from '../oci/descriptor.js';
import { formatReference } from '../oci/reference.js';
import { RecentMap } from '../recent-map.js';
import type { MappedImages } from './mapped-images.js';
import { ANY_ARCHITECTURE, wishFor } from './preparation.js';

export type ExpectationsParts = {
  readonly mapped: MappedImages;
  readonly prefetch: (descriptor: Descriptor, sources: readonly BlobSource[]) => void;
  readonly clock: Pick<Clock, 'ticks'>;
};

/** Its source is asked no more often for machines that may not even exist. */
const AGAIN_MILLISECONDS = 30_000;
/** Are remembered at least. */
const EXPECTED = 5_000;

/** While firmware is busy, the image that its machine will ask for is resolved, and what it starts with is fetched. */
export class Expectations {
  readonly #parts: ExpectationsParts;
  /** Images by when they were expected last. */
  readonly #expected = new RecentMap<string, number>(EXPECTED);

  constructor(parts: ExpectationsParts) {
    this.#parts = parts;
  }

  /** Never throws: the machine will ask again, and be told what is wrong. */
  expect({ facts, machine }: Subject, assignment: Assignment): void {
    // A BIOS does not say how wide its processor is.
    const architecture = facts.architecture ?? machine?.architecture ?? ANY_ARCHITECTURE;
    const isByFirmware = facts.firmware?.every((one) => one === 'uefi-http') === true;
    const key = `${formatReference(assignment.image)} ${assignment.variant} ${architecture} ${isByFirmware}`;
    if (!this.#isNew(key)) return;
    this.#prepare(assignment, architecture, isByFirmware).catch(() => undefined);
  }

  async #prepare(assignment: Assignment, architecture: string, isByFirmware: boolean): Promise<void> {
    const { mapped, prefetch } = this.#parts;
    const image = await mapped.resolve(assignment.image, wishFor(assignment, architecture));
    const isUki = isByFirmware && artifactOf(image, 'uki') !== undefined;
    const wanted: readonly Role[] = isUki ? ['uki'] : ['kernel', 'initramfs'];
    for (const role of wanted) {
      const descriptor = artifactOf(image, role)?.descriptor;
      if (descriptor !== undefined) prefetch(descriptor, mapped.sourcesOf(descriptor, image.location));
    }
  }

  #isNew(key: string): boolean {
    const now = this.#parts.clock.ticks();
    const last = this.#expected.get(key);
    if (last !== undefined && now - last < AGAIN_MILLISECONDS) return false;
    this.#expected.set(key, now);
    return true;
  }
}
