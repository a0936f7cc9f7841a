import { BootlayerError } from '../errors.js';
import { type Digest, isDigest } from './digest.js';
import type { ManifestName } from './image-source.js';

/**
 * An image reference: tag and digest are two fields, and a digest always pins.
 *
 *     reference  = [ "docker://" ] [ domain "/" ] path [ ":" tag ] [ "@" digest ]
 *                | "oci:" folder [ ":" tag ] [ "@" digest ]
 *     domain     = host [ ":" port ]        holds "." or ":" or an upper-case letter, or is "localhost"
 *     path       = component *( "/" component )
 *     component  = alnum *( separator alnum )  lower case; separators ".", "_", "__", 1*"-"
 *     tag        = word *127( word / "." / "-" )
 *
 * (distribution/reference; OCI image-layout for the second form.)
 */
export type ImageReference = RegistryReference | LayoutReference;

export type RegistryReference = {
  readonly kind: 'registry';
  /** `host[:port]` in lower case; undefined when the text named none. */
  readonly registry: string | undefined;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
};

export type LayoutReference = {
  readonly kind: 'layout';
  /** As written: relative folders belong to the file or command line that names them. */
  readonly folder: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
};

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?$`);
const MAX_NAME = 255;
const MAX_TEXT = 4_096;
const LAYOUT_PREFIX = 'oci:';
const DOCKER_PREFIX = 'docker://';

/** Throws REFERENCE_INVALID, saying which part is wrong. */
export function parseReference(text: string): ImageReference {
  const trimmed = text.trim();
  if (trimmed.length > MAX_TEXT) throw invalid(`${trimmed.slice(0, 60)}...`, 'it is too long');
  if (trimmed.startsWith(LAYOUT_PREFIX)) return parseLayout(trimmed);
  return parseRegistry(trimmed.startsWith(DOCKER_PREFIX) ? trimmed.slice(DOCKER_PREFIX.length) : trimmed, trimmed);
}

/**
 * The canonical text: what `parseReference` reads back as the same value. A host that neither dot nor port tells from
 * a repository is written in capitals, and a repository that looks like a layout behind `docker://`.
 */
export function formatReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  if (reference.kind === 'layout') return `${LAYOUT_PREFIX}${reference.folder}${tag}${digest}`;
  const { registry } = reference;
  const host = registry === undefined || looksLikeHost(registry) ? registry : registry.toUpperCase();
  const text = `${host === undefined ? '' : `${host}/`}${reference.repository}${tag}${digest}`;
  return text.startsWith(LAYOUT_PREFIX) ? `${DOCKER_PREFIX}${text}` : text;
}

/** What is asked for: the digest pins, `latest` stands for no tag, and a layout without either has but one image. */
export function manifestNameOf(reference: ImageReference): ManifestName | undefined {
  if (reference.digest !== undefined) return { kind: 'digest', digest: reference.digest };
  if (reference.tag !== undefined) return { kind: 'tag', tag: reference.tag };
  return reference.kind === 'registry' ? { kind: 'tag', tag: 'latest' } : undefined;
}

/** Who is asked for an image: a registry (`host[:port]`), or `oci:` for the layouts of this host. */
export function placeOf(reference: ImageReference): string {
  return reference.kind === 'layout' ? 'oci:' : (reference.registry ?? '');
}

/** The same of what an image's location says. */
export function placeOfLocation(location: string): string {
  return location.split('/', 1)[0] ?? '';
}

/** Fills in the registry where none is named; throws REFERENCE_INVALID when there is none to fill in. */
export function withDefaultRegistry(reference: ImageReference, registry: string | undefined): ImageReference {
  if (reference.kind === 'layout' || reference.registry !== undefined) return reference;
  if (registry !== undefined) return { ...reference, registry: canonicalRegistry(registry) };
  throw new BootlayerError('REFERENCE_INVALID', `"${formatReference(reference)}" names no registry`, {
    remedy: 'write registry/repository:tag, or set defaultRegistry',
  });
}

/** `host[:port]` in lower case; throws REFERENCE_INVALID. */
export function parseRegistryHost(text: string): string {
  if (!isHost(text)) throw invalid(text.slice(0, MAX_NAME), 'it is no registry host', 'write host or host:port');
  return canonicalRegistry(text);
}

function parseRegistry(name: string, text: string): RegistryReference {
  if (/^(?:\.{0,2}|~)\//.test(name)) throw invalid(text, 'it is a path', `write oci:${text} for a layout`);
  const { rest, tag, digest } = cutTagAndDigest(name, text);
  const [first = '', ...others] = rest.split('/');
  if (rest.length > MAX_NAME) throw invalid(text, `its name is longer than ${MAX_NAME} characters`);
  const isDomain = others.length > 0 && looksLikeHost(first);
  const repository = isDomain ? others.join('/') : rest;
  if (isDomain && !isHost(first)) throw invalid(text, `"${first}" is no registry host`);
  if (repository === '') throw invalid(text, 'it names no repository');
  const wrong = repository.split('/').find((component) => !COMPONENT.test(component));
  if (wrong !== undefined) {
    throw invalid(text, `"${wrong}" may hold lower-case letters, digits, and single separators between them only`);
  }
  if (!isDomain && /^[0-9a-f]{64}$/.test(repository)) throw invalid(text, 'a bare hash is no repository');
  return { kind: 'registry', registry: isDomain ? canonicalRegistry(first) : undefined, repository, tag, digest };
}

function parseLayout(text: string): LayoutReference {
  const { rest, tag, digest } = cutTagAndDigest(text.slice(LAYOUT_PREFIX.length), text);
  if (rest === '') throw invalid(text, 'it names no folder', 'write oci:<folder>:<tag>');
  if (/\p{Cc}/u.test(rest)) throw invalid(text, 'its folder holds a control character');
  return { kind: 'layout', folder: rest, tag, digest };
}

/** At `@` first, then at the last `:` behind the last `/`: a colon before that belongs to a port or folder. */
function cutTagAndDigest(name: string, text: string) {
  const at = behindLastSlash(name, '@');
  const digest = at === -1 ? undefined : readDigest(name.slice(at + 1), text);
  const beforeDigest = at === -1 ? name : name.slice(0, at);
  const colon = behindLastSlash(beforeDigest, ':');
  if (colon === -1) return { rest: beforeDigest, tag: undefined, digest };
  const tag = beforeDigest.slice(colon + 1);
  if (!TAG.test(tag)) {
    throw invalid(
      text,
      `"${tag.slice(0, 140)}" is no tag: it holds letters, digits, "_", "." and "-", at most 128 of them`,
    );
  }
  return { rest: beforeDigest.slice(0, colon), tag, digest };
}

function behindLastSlash(name: string, mark: string): number {
  const position = name.lastIndexOf(mark);
  return position < name.lastIndexOf('/') ? -1 : position;
}

function readDigest(digest: string, text: string): Digest {
  if (isDigest(digest)) return digest;
  throw invalid(text, `"${digest.slice(0, 140)}" is not sha256: and 64 lower-case hex digits`);
}

/** What tells a host from the first component of a repository. */
function looksLikeHost(text: string): boolean {
  return /[.:A-Z]/.test(text) || text === 'localhost';
}

/** URLs have the last word on ports and addresses: `999.1.1.1` and `host:70000` follow the grammar, too. */
function isHost(text: string): boolean {
  return text.length <= MAX_NAME && DOMAIN.test(text) && URL.canParse(`https://${text}/`);
}

function canonicalRegistry(host: string): string {
  const lower = host.toLowerCase();
  return lower === 'index.docker.io' ? 'docker.io' : lower;
}

function invalid(
  text: string,
  why: string,
  remedy = 'write [registry/]repository[:tag][@digest] or oci:<folder>[:tag][@digest]',
) {
  return new BootlayerError('REFERENCE_INVALID', `"${text}" is not an image reference: ${why}`, { remedy });
}
