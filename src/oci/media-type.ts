/** Media types of documents (image-spec media-types.md; Docker image manifest v2 schema 2; IronCore OCI-SPEC.md). */
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
/** IronCore's website writes it for manifests, in the index as well as in the registry's answer. */
export const IRONCORE_MANIFEST = 'application/vnd.ironcore.image.artifacts.v1+json';

const INDEX_TYPES: ReadonlySet<string> = new Set([OCI_INDEX, DOCKER_LIST]);
const MANIFEST_TYPES: ReadonlySet<string> = new Set([OCI_MANIFEST, DOCKER_MANIFEST, IRONCORE_MANIFEST]);

/** What a client accepts for a manifest, in one header: without the OCI types docker-registry answers 404. */
export const ACCEPTED_MANIFESTS = [...INDEX_TYPES, ...MANIFEST_TYPES].join(', ');

export function isIndexType(mediaType: string): boolean {
  return INDEX_TYPES.has(mediaType);
}

export function isManifestType(mediaType: string): boolean {
  return MANIFEST_TYPES.has(mediaType);
}

/** The type without its parameters (`; charset=utf-8`), in lower case. */
export function bareMediaType(text: string): string {
  return (text.split(';')[0] ?? '').trim().toLowerCase();
}
