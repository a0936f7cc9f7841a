import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ImageSources } from '../catalog/image-sources.js';
import { BootlayerError } from '../errors.js';
import { type Platform, parseArchitecture, parsePlatform } from '../oci/platform.js';
import { type ImageReference, parseReference, withDefaultRegistry } from '../oci/reference.js';
import type { FindSettings } from '../oci/registry-settings.js';
import { openRegistries, settingsIn } from '../registries.js';
import { type CommonOptions, readConfigIfThere, warnOnStderr, withCommonOptions } from './common.js';

/** `--plain-http`, for registries without TLS that the configuration does not name. */
export type PlacesOptions = CommonOptions & { readonly plainHttp?: true };

export function withPlacesOptions(command: Command): Command {
  return withCommonOptions(command).option('--plain-http', 'talk HTTP to registries, for those without TLS');
}

/**
 * Gives the work the references that a person typed, and the places they come from and go to: a layout's folder belongs
 * to the working directory, registries are reached as the configuration says, where there is one.
 */
export async function withImages<T, R extends ImageReference>(
  options: PlacesOptions,
  references: readonly R[],
  work: (references: readonly R[], sources: ImageSources) => Promise<T>,
): Promise<T> {
  const isAsked = references.some(({ kind }) => kind === 'registry');
  const config = isAsked ? await readConfigIfThere(options) : undefined;
  const complete = references.map((reference) => completed(reference, config?.defaultRegistry));
  const settings: FindSettings = (registry) => ({
    ...settingsIn(config, registry),
    ...(options.plainHttp && { plainHttp: true }),
  });
  const registries = openRegistries(settings, warnOnStderr);
  try {
    return await work(complete, new ImageSources(registries));
  } finally {
    await registries.close();
  }
}

/** A reference as it was typed, not yet completed by the configuration. Throws REFERENCE_INVALID. */
export function readReference(text: string): ImageReference {
  const reference = parseReference(text);
  return reference.kind === 'layout' ? { ...reference, folder: resolve(reference.folder) } : reference;
}

/** Where an image is written to. */
export type Destination = ImageReference & { readonly tag: string };

/** `tag`: the one it gets when the text names none. Throws REFERENCE_INVALID, USAGE. */
export function readDestination(text: string, tag?: string): Destination {
  const reference = readReference(text);
  if (reference.digest !== undefined) {
    throw new BootlayerError('USAGE', `"${text}" names a digest, and a digest cannot be written to`, {
      remedy: 'name a tag only',
    });
  }
  const named = reference.tag ?? tag;
  if (named !== undefined) return { ...reference, tag: named };
  throw new BootlayerError('USAGE', `"${text}" names no tag`, { remedy: 'add one, such as :1' });
}

/** Throws USAGE. */
export function readPlatform(text: string): Platform {
  const platform = parsePlatform(text);
  if (platform === undefined || parseArchitecture(platform.architecture) === undefined) {
    throw new BootlayerError('USAGE', `"${text}" is no platform`, {
      remedy: 'write linux/amd64, linux/arm64 or the like',
    });
  }
  return platform;
}

function completed<R extends ImageReference>(reference: R, defaultRegistry: string | undefined): R {
  return reference.kind === 'layout' ? reference : { ...reference, ...withDefaultRegistry(reference, defaultRegistry) };
}
