import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ImageSources } from '../catalog/image-sources.js';
import { BootlayerError } from '../errors.js';
import { type ImageReference, parseReference } from '../oci/reference.js';
import { RegistryClient } from '../oci/registry-client.js';
import { type CommonOptions, readConfigIfThere, withCommonOptions } from './common.js';

/** `--plain-http`, for registries without TLS that the configuration does not name. */
export type PlacesOptions = CommonOptions & { readonly plainHttp?: true };

export function withPlacesOptions(command: Command): Command {
  return withCommonOptions(command).option('--plain-http', 'talk HTTP to registries, for those without TLS');
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

/** Gives the work the places that images come from and go to, as the configuration has them, if there is one. */
export async function withImageSources<T>(
  options: PlacesOptions,
  work: (sources: ImageSources) => Promise<T>,
): Promise<T> {
  const plain = (await readConfigIfThere(options))?.plainHttpRegistries;
  const plainHttp = (registry: string) => options.plainHttp === true || plain?.has(registry) === true;
  const registries = new RegistryClient({ plainHttp });
  try {
    return await work(new ImageSources(registries));
  } finally {
    await registries.close();
  }
}
