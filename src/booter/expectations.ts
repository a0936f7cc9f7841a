import type { BlobSource } from '../blob/blob-store.js';
import type { Assignment } from '../boot/assignment.js';
import { chooseWay, type WayWish } from '../boot/choose-way.js';
import { wayWish } from '../boot/plan.js';
import type { Clock } from '../clock.js';
import type { Starter } from '../image/bootable.js';
import { artifactOf, type ResolvedImage } from '../image/image.js';
import { isoFilesName } from '../image/iso-files.js';
import type { Role } from '../image/role.js';
import type { Way } from '../image/ways.js';
import type { Subject } from '../machine/inventory.js';
import type { Descriptor } from '../oci/descriptor.js';
import { formatReference } from '../oci/reference.js';
import { RecentMap } from '../recent-map.js';
import type { MappedImages } from './mapped-images.js';
import type { Mapping } from './mapping.js';
import { ANY_ARCHITECTURE, wishFor } from './preparation.js';
import { firstStarter } from './starter.js';

export type ExpectationsParts = {
  /** The one in force. */
  readonly mapping: () => Mapping;
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
  expect(subject: Subject, assignment: Assignment): void {
    if (assignment.boot === 'local') return;
    const { facts, machine } = subject;
    // A BIOS does not say how wide its processor is.
    const architecture = facts.architecture ?? machine?.architecture ?? ANY_ARCHITECTURE;
    const { defaults } = this.#parts.mapping();
    const starter = firstStarter(facts, architecture);
    const wish = wayWish({ subject, assignment, defaults: defaults.kernelArgs });
    const isoFiles = isoFilesName(assignment.iso?.files);
    const key = [
      formatReference(assignment.image),
      assignment.variant,
      isoFiles,
      ...Object.values({ ...starter, ...wish }),
    ];
    if (!this.#isNew(key.join(' '))) return;
    this.#prepare(assignment, starter, wish).catch(() => undefined);
  }

  async #prepare(assignment: Assignment, starter: Starter, wish: WayWish): Promise<void> {
    const { mapped, prefetch } = this.#parts;
    const image = await mapped.resolve(assignment.image, wishFor(assignment, starter.architecture));
    const choice = chooseWay(image, starter, wish);
    const wanted = choice.kind === 'chosen' ? WANTED[choice.way] : unreadRoles(image);
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

/** What is fetched for each way. */
const WANTED: Readonly<Record<Way, readonly Role[]>> = {
  kernel: ['kernel', 'initramfs'],
  ...{ uki: ['uki'], opened: ['uki'] },
  ...{ iso: ['iso'], 'iso-files': ['iso'] },
};

/** What a UKI or an ISO holds that nobody has read is read of all of it. */
function unreadRoles({ contents }: ResolvedImage): readonly Role[] {
  return (['uki', 'iso'] as const).filter((role) => contents?.[role]?.kind !== role);
}
