import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ImageSources } from '../catalog/image-sources.js';
import { BootlayerError } from '../errors.js';
import { type ImageReference, parseReference } from '../oci/reference.js';
import { RegistryClient } from '../oci/registry-client.js';

/** `--plain-http`, for registries without TLS. */
export type PlacesOptions = { readonly plainHttp?: true };

export function withPlacesOptions(command: Command): Command {
  return command.option('--plain-http', 'talk HTTP to registries, for those without TLS');
}

/** A reference as a person typed it: a layout's folder belongs to the working directory, a registry must be named. */
export function readReference(text: string): ImageReference {
  const reference = parseReference(text);
  if (reference.kind === 'layout') return { ...reference, folder: resolve(reference.folder) };
  if (reference.registry !== undefined) return reference;
  throw new BootlayerError('REFERENCE_INVALID', `"${text}" names no registry`, {
    remedy: 'write registry/repository:tag, or oci:<folder>:<tag> for a layout',
  });
}

/** Gives the work the places that images come from and go to, and closes their connections after it. */
export async function withImageSources<T>(
  options: PlacesOptions,
  work: (sources: ImageSources) => Promise<T>,
): Promise<T> {
  const registries = new RegistryClient({ plainHttp: () => options.plainHttp === true });
  try {
    return await work(new ImageSources(registries));
  } finally {
    await registries.close();
  }
}
