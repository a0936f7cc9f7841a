import type { BlobSource } from '../blob/blob-store.js';
import { BootlayerError } from '../errors.js';
import { DiskLayout } from '../oci/disk-layout.js';
import type { ImageSource, ImageTarget, Place } from '../oci/image-source.js';
import type { ImageReference, RegistryReference } from '../oci/reference.js';
import type { RegistryClient } from '../oci/registry-client.js';

export type ImageRepository = ImageSource & ImageTarget;

/** Finds the repository or layout folder that a reference or a stored location speaks of. */
export class ImageSources {
  readonly #registries: RegistryClient;

  constructor(registries: RegistryClient) {
    this.#registries = registries;
  }

  /**
   * For whoever boots: by way of the mirrors that its registry has. `reference` names its registry, and its layout folder is
   * absolute: the configuration and the commands see to it.
   */
  of(reference: ImageReference): ImageSource {
    if (reference.kind === 'layout') return new DiskLayout(reference.folder);
    return this.#registries.mirrored(registryOf(reference), reference.repository);
  }

  /** For whoever writes, or wants to know what is there: mirrors may be behind, or have what their registry has not. */
  own(reference: ImageReference): ImageRepository {
    if (reference.kind === 'layout') return new DiskLayout(reference.folder);
    return this.#registries.repository(registryOf(reference), reference.repository);
  }

  /**
   * The way back from a source's name, which plans and resolutions keep: the places that have its blobs, in the order in
   * which they are to be asked.
   */
  placesAt(location: string): readonly Place[] {
    // Layouts' folders are absolute; a registry may be called oci.
    if (location.startsWith('oci:/')) {
      return [{ source: new DiskLayout(location.slice('oci:'.length)), failed: () => undefined }];
    }
    const slash = location.indexOf('/');
    if (slash <= 0) throw new BootlayerError('DATA_UNUSABLE', `"${location}" is no place that images come from`);
    return this.#registries.places(location.slice(0, slash), location.slice(slash + 1));
  }

  /** The same places as what a cache is filled from. */
  blobSourcesAt(location: string): readonly BlobSource[] {
    return this.placesAt(location).map(({ source, failed }) => ({
      name: source.name,
      fetch: (descriptor, signal, from) => source.fetchBlob(descriptor, signal, from),
      failed,
    }));
  }
}

function registryOf({ registry, repository }: RegistryReference): string {
  if (registry !== undefined) return registry;
  throw new BootlayerError('REFERENCE_INVALID', `"${repository}" names no registry`, {
    remedy: 'write registry/repository, or set defaultRegistry',
  });
}
