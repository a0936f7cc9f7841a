import { type Bootable, type Client, hasLayer, type Starter } from './bootable.js';
import type { ReadIso } from './iso.js';
import type { ClosedIso, OpenedIso } from './iso-opening.js';
import { isKernelFor } from './kernel-obstacle.js';
import { againstArchitecture, missing, type Obstacle, refused } from './obstacle.js';

/** Of an ISO that was read, what of it is started in place of its boot loader. */
export function openedIso({ contents }: Pick<Bootable, 'contents'>): OpenedIso | undefined {
  const opening = contents?.iso?.kind === 'iso' ? contents.iso.iso.opening : undefined;
  return opening?.kind === 'opened' ? opening : undefined;
}

/**
 * UEFI HTTP Boot keeps it in a RAM disk, and boots it as a CD (UEFI 2.10, 24.7.3.2); iPXE is a disk to its firmware, of which it reads
 * by ranges what is asked for (ipxe: src/net/tcp/httpblock.c).
 */
export function againstIsoAsItIs(image: Bootable, starter: Starter): Obstacle | undefined {
  if (!hasLayer(image, 'iso')) return NO_ISO;
  return againstBooting(image, starter.client) ?? againstOtherKernel(image, starter);
}

/** What is in it is not known to be for this client: that is judged as any other kernel. */
export function againstIsoFiles(image: Bootable): Obstacle | undefined {
  if (!hasLayer(image, 'iso')) return NO_ISO;
  const read = image.contents?.iso;
  if (read === undefined)
    return refused('what its ISO holds is not known yet, since its registry did not say', 'try again');
  if (read.kind === 'refused') return againstUnread(read);
  const { opening } = read.iso;
  return opening.kind === 'opened' ? undefined : againstClosed(opening);
}

function againstClosed({ reason, namedBy }: ClosedIso): Obstacle {
  const remedy = namedBy === undefined ? NAME_FILES : `correct ${namedBy}, or take iso out of the assignment`;
  return refused(`its ISO cannot be opened: ${reason}`, remedy);
}

/** What neither a menu nor a layout leads to, an operator may know. */
const NAME_FILES = 'name in the assignment, by iso.kernel and iso.initramfs, what to start of it';
const NO_ISO = missing('it has no ISO', 'add --iso to image build');

/** In the same words whether it would be opened or booted as it is. */
function againstUnread({ reason, isIso }: Extract<ReadIso, { kind: 'refused' }>): Obstacle {
  const remedy =
    isIso === false ? 'build the image anew, of an ISO' : 'download the ISO again, and build the image anew';
  return refused(`its ISO cannot be used: ${reason}`, remedy);
}

/** What could not be read may boot all the same; and so may a disk with partitions, which are not looked into. */
function againstBooting({ contents }: Bootable, client: Client): Obstacle | undefined {
  const read = contents?.iso;
  if (read === undefined) return undefined;
  if (read.kind === 'refused') return againstUnread(read);
  const { firmware, isHybrid } = read.iso;
  const wanted = FIRMWARE[client];
  if (isHybrid || firmware.includes(wanted)) return undefined;
  const isForNone = firmware.every((one) => one === 'other');
  return refused(`its ISO has nothing that ${isForNone ? 'firmware' : NAMES[wanted]} boots`);
}

const NAMES = { bios: 'a BIOS', uefi: 'UEFI' } as const;
const FIRMWARE: Readonly<Record<Client, keyof typeof NAMES>> = {
  ...{ 'ipxe-bios': 'bios', 'ipxe-uefi': 'uefi', 'uefi-http': 'uefi' },
};

/** Its boot catalogue says nothing of architectures, and the kernel that it starts does. */
export function againstOtherKernel(image: Bootable, starter: Starter): Obstacle | undefined {
  const facts = openedIso(image)?.kernel.facts;
  if (facts === undefined || isKernelFor(facts, starter)) return undefined;
  return againstArchitecture('the kernel in its ISO', facts.architecture, starter.architecture, 'an ISO');
}
