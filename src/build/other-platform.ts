import { BootlayerError } from '../errors.js';
import { CLIENTS, hasClient } from '../image/bootable.js';
import type { ImageContents } from '../image/image.js';
import { isKernelFor } from '../image/kernel-obstacle.js';
import { formatPlatform, type Platform } from '../oci/platform.js';

type Files = { readonly kernel?: string | undefined; readonly uki?: string | undefined };

/**
 * Throws USAGE for a kernel or a UKI that no machine of the platform starts, since it says that it is for another. What says nothing
 * of that is taken. Pure. `files`: their names.
 */
export function requirePlatform({ kernel, uki }: ImageContents, files: Files, platform: Platform): void {
  const { architecture } = platform;
  const clients = CLIENTS.filter((client) => hasClient(architecture, client));
  const isStarted = kernel === undefined || clients.some((client) => isKernelFor(kernel, { client, architecture }));
  if (!isStarted) throw refusal('kernel', { file: files.kernel, its: kernel.architecture }, platform);
  if (uki?.kind === 'uki' && uki.uki.architecture !== architecture)
    throw refusal('uki', { file: files.uki, its: uki.uki.architecture }, platform);
}

type Other = { readonly file: string | undefined; readonly its: string | undefined };

function refusal(what: string, { file = '', its = '' }: Other, platform: Platform): BootlayerError {
  const said = formatPlatform(platform);
  return new BootlayerError('USAGE', `${file} for the ${what} is for ${its}, and the image for ${said}`, {
    remedy: `name one for ${platform.architecture}, or say --platform ${platform.os}/${its}`,
  });
}
