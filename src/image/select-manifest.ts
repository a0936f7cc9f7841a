import type { Annotations, Index, IndexEntry } from '../oci/manifest.js';
import { isIndexType, isManifestType } from '../oci/media-type.js';
import { formatPlatform, normalizeArchitecture } from '../oci/platform.js';
import type { ImageWish } from './image.js';

/** IronCore's annotation that tells images for bare metal from those for virtual machines. */
const VARIANT = 'variant';
/** Garden Linux names the flavour of an entry there; these prefixes are made for network boot. */
const CNAME = 'cname';
const NETWORK_BOOT_CNAME = 'metal_pxe';

/**
 * Which manifest of an index a machine needs, from the index alone. `ask`: several fit and the index does not say
 * which has the wanted variant, so their manifests' annotations decide (`pickVariant`). `nested`: only a nested index
 * may hold it.
 */
export type ManifestChoice =
  | { readonly kind: 'chosen'; readonly entry: IndexEntry }
  | { readonly kind: 'ask'; readonly entries: readonly IndexEntry[] }
  | { readonly kind: 'nested'; readonly entries: readonly IndexEntry[] }
  | { readonly kind: 'none'; readonly available: readonly string[] };

/** Pure (as boot-operator selects, and more). */
export function selectManifest(index: Index, wish: ImageWish): ManifestChoice {
  const manifests = index.entries.filter((entry) => isManifestType(entry.mediaType) && !isAttestation(entry));
  const fitting = manifests.filter((entry) => fits(entry, wish));
  const networkBoot = fitting.find((entry) => entry.annotations[CNAME]?.startsWith(NETWORK_BOOT_CNAME));
  if (networkBoot !== undefined && wish.variant === 'metal') return { kind: 'chosen', entry: networkBoot };
  const [first, ...more] = fitting;
  if (first !== undefined) return more.length === 0 ? { kind: 'chosen', entry: first } : amongVariants(fitting, wish);
  const nested = index.entries.filter((entry) => isIndexType(entry.mediaType) && mayHold(entry, wish));
  return nested.length > 0
    ? { kind: 'nested', entries: nested }
    : { kind: 'none', available: manifests.map(describeEntry) };
}

function amongVariants(entries: readonly IndexEntry[], wish: ImageWish): ManifestChoice {
  const named = entries.filter((entry) => entry.annotations[VARIANT] === wish.variant);
  const unnamed = entries.filter((entry) => entry.annotations[VARIANT] === undefined);
  const best = [named, unnamed, entries].find((group) => group.length > 0) ?? entries;
  const [only, another] = best;
  return only !== undefined && another === undefined ? { kind: 'chosen', entry: only } : { kind: 'ask', entries: best };
}

/**
 * Among those whose own annotations name the wanted variant, else those that name none, else all: the first that has
 * what a machine starts, else the first.
 */
export function pickVariant<T extends { readonly annotations: Annotations; readonly boots: boolean }>(
  candidates: readonly T[],
  variant: string,
): T | undefined {
  const named = candidates.filter(({ annotations }) => annotations[VARIANT] === variant);
  const unnamed = candidates.filter(({ annotations }) => annotations[VARIANT] === undefined);
  const best = [named, unnamed, candidates].find((group) => group.length > 0) ?? candidates;
  return best.find(({ boots }) => boots) ?? best[0];
}

export function variantOf(annotations: Annotations): string | undefined {
  return annotations[VARIANT];
}

/** Where an entry names no platform, IronCore's and Garden Linux's `architecture` annotation speaks for it. */
function fits(entry: IndexEntry, wish: ImageWish): boolean {
  const annotated = entry.annotations.architecture;
  if (entry.platform !== undefined) {
    return entry.platform.os === wish.os && entry.platform.architecture === wish.architecture;
  }
  return annotated !== undefined && normalizeArchitecture(annotated) === wish.architecture;
}

/** A nested index is worth reading unless it says it is for something else. */
function mayHold(entry: IndexEntry, wish: ImageWish): boolean {
  return (entry.platform === undefined && entry.annotations.architecture === undefined) || fits(entry, wish);
}

/** BuildKit's attestations stand in the index as entries of an unknown platform. */
export function isAttestation({ platform, annotations }: IndexEntry): boolean {
  return platform?.architecture === 'unknown' || annotations['vnd.docker.reference.type'] !== undefined;
}

function describeEntry({ platform, annotations }: IndexEntry): string {
  const where = platform === undefined ? (annotations.architecture ?? 'no platform') : formatPlatform(platform);
  return annotations[VARIANT] === undefined ? where : `${where} (${annotations[VARIANT]})`;
}
