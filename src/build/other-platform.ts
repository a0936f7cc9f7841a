import { BootlayerError } from '../errors.js';
import { CLIENTS, hasClient } from '../image/bootable.js';
import type { ContentsRole } from '../image/contents.js';
import type { ImageContents } from '../image/image.js';
import { openedIso } from '../image/iso-ways.js';
import type { KernelFacts } from '../image/kernel-kind.js';
import { isKernelFor } from '../image/kernel-obstacle.js';
import { formatPlatform, type Platform } from '../oci/platform.js';

type Files = Readonly<Partial<Record<ContentsRole, string | undefined>>>;

/**
 * Throws USAGE for a kernel, also one in an ISO, or a UKI that no machine of the platform starts, since it says that it is for another.
 * What says nothing of that is taken. Pure. `files`: their names.
 */
export function requirePlatform(contents: ImageContents, files: Files, platform: Platform): void {
  const { kernel, uki } = contents;
  const ofIso = openedIso({ contents })?.kernel.facts;
  if (!isStarted(kernel, platform)) throw refusal(`${files.kernel} for the kernel`, kernel?.architecture, platform);
  if (uki?.kind === 'uki' && uki.uki.architecture !== platform.architecture)
    throw refusal(`${files.uki} for the uki`, uki.uki.architecture, platform);
  if (!isStarted(ofIso, platform))
    throw refusal(`the kernel in ${files.iso} for the iso`, ofIso?.architecture, platform, 'an ISO');
}

function isStarted(kernel: KernelFacts | undefined, { architecture }: Platform): boolean {
  const clients = CLIENTS.filter((client) => hasClient(architecture, client));
  return kernel === undefined || clients.some((client) => isKernelFor(kernel, { client, architecture }));
}

function refusal(what: string, its = '', platform: Platform, other = 'one'): BootlayerError {
  const { os, architecture } = platform;
  return new BootlayerError('USAGE', `${what} is for ${its}, and the image for ${formatPlatform(platform)}`, {
    remedy: `name ${other} for ${architecture}, or say --platform ${os}/${its}`,
  });
}
