import { BootlayerError } from '../errors.js';
import type { Descriptor } from './descriptor.js';
import { isDigest } from './digest.js';
import { bareMediaType, isIndexType, isManifestType, OCI_INDEX, OCI_MANIFEST } from './media-type.js';
import { normalizeArchitecture, type Platform } from './platform.js';

/** Nothing an index or manifest needs is larger (distribution-spec, "Pushing Manifests": registries take 4 MiB at least). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_ENTRIES = 2_000;
const MAX_ANNOTATIONS = 500;
const MAX_DEPTH = 64;

export type Annotations = Readonly<Record<string, string>>;

/** One of an index's manifests. */
export type IndexEntry = Descriptor & {
  readonly platform?: Platform;
  readonly annotations: Annotations;
};

export type Index = {
  readonly kind: 'index';
  readonly entries: readonly IndexEntry[];
  readonly annotations: Annotations;
};

export type Manifest = {
  readonly kind: 'manifest';
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Annotations;
};

export type Document = Index | Manifest;

/**
 * Reads an index or manifest (image-spec image-index.md, manifest.md; Docker's equivalents; IronCore's own manifest
 * type). `mediaType` is what the descriptor or the registry says it is; the document's own `mediaType` must not
 * contradict its shape. Throws IMAGE_INVALID, naming `what`.
 */
export function parseDocument(what: string, mediaType: string, bytes: Uint8Array): Document {
  const json = asObject(parseJson(what, bytes));
  if (json === undefined) throw invalid(what, 'it is not a JSON object');
  const own = typeof json.mediaType === 'string' ? json.mediaType : undefined;
  const kind = kindOf(what, bareMediaType(own ?? mediaType), json);
  return kind === 'index' ? readIndex(what, json) : readManifest(what, json);
}

/** The media type a document is stored under: its own word first, else what its shape says (image-spec allows none). */
export function mediaTypeOf(what: string, bytes: Uint8Array): string {
  const json = asObject(parseJson(what, bytes));
  if (typeof json?.mediaType === 'string') return bareMediaType(json.mediaType);
  return Array.isArray(json?.manifests) ? OCI_INDEX : OCI_MANIFEST;
}

function kindOf(what: string, mediaType: string, json: Fields): Document['kind'] {
  const hasManifests = Array.isArray(json.manifests);
  const hasLayers = Array.isArray(json.layers);
  if (hasManifests && hasLayers) throw invalid(what, 'it has both "manifests" and "layers"');
  if (hasManifests && !isManifestType(mediaType)) return 'index';
  if (hasLayers && !isIndexType(mediaType)) return 'manifest';
  throw invalid(what, `it says it is ${mediaType.slice(0, 100) || 'of no type'}, and its contents are something else`);
}

function readIndex(what: string, json: Fields): Index {
  const entries = list(what, json, 'manifests').map((value, position) => {
    const where = `${what}, manifests[${position}]`;
    const fields = requireObject(where, value);
    const platform = readPlatform(fields.platform);
    return {
      ...readDescriptor(where, fields),
      ...(platform !== undefined && { platform }),
      annotations: readAnnotations(fields.annotations),
    };
  });
  return { kind: 'index', entries, annotations: readAnnotations(json.annotations) };
}

function readManifest(what: string, json: Fields): Manifest {
  const layers = list(what, json, 'layers').map((value, position) => {
    const where = `${what}, layers[${position}]`;
    return readDescriptor(where, requireObject(where, value));
  });
  const config = readDescriptor(`${what}, config`, requireObject(`${what}, config`, json.config));
  return { kind: 'manifest', config, layers, annotations: readAnnotations(json.annotations) };
}

function readDescriptor(where: string, fields: Fields): Descriptor {
  const { mediaType, digest, size } = fields;
  if (typeof mediaType !== 'string') throw invalid(where, 'its mediaType is missing');
  if (typeof digest !== 'string' || !isDigest(digest)) throw invalid(where, 'its digest is not sha256:<64 hex digits>');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid(where, 'its size is not a whole number');
  return { mediaType: bareMediaType(mediaType), digest, size };
}

function readPlatform(value: unknown): Platform | undefined {
  const fields = asObject(value);
  if (fields === undefined) return undefined;
  const { os, architecture, variant } = fields;
  if (typeof architecture !== 'string') return undefined;
  return {
    os: typeof os === 'string' && os !== '' ? os : 'linux',
    architecture: normalizeArchitecture(architecture),
    ...(typeof variant === 'string' && variant !== '' && { variant }),
  };
}

/** The first so many that are texts: nobody needs more, and reading hundreds of thousands takes a second. */
function readAnnotations(value: unknown): Annotations {
  const annotations: Record<string, string> = {};
  let left = MAX_ANNOTATIONS;
  const fields = asObject(value) ?? {};
  for (const name in fields) {
    const text = fields[name];
    if (typeof text !== 'string') continue;
    if (left === 0) break;
    left -= 1;
    Object.defineProperty(annotations, name, { value: text, enumerable: true, configurable: true, writable: true });
  }
  return annotations;
}

type Fields = Readonly<Record<string, unknown>>;

function asObject(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function requireObject(where: string, value: unknown): Fields {
  const fields = asObject(value);
  if (fields === undefined) throw invalid(where, 'it is missing or not an object');
  return fields;
}

function list(what: string, json: Fields, name: string): readonly unknown[] {
  const values: unknown = json[name];
  if (!Array.isArray(values)) throw invalid(what, `"${name}" is not a list`);
  if (values.length > MAX_ENTRIES) throw invalid(what, `"${name}" has more than ${MAX_ENTRIES} entries`);
  return values;
}

/** By the bytes themselves: who asks for the type of a document reads it next. */
const parsed = new WeakMap<Uint8Array, { readonly json: unknown }>();

function parseJson(what: string, bytes: Uint8Array): unknown {
  const known = parsed.get(bytes);
  if (known !== undefined) return known.json;
  if (isTooDeep(bytes)) throw invalid(what, `it is nested deeper than ${MAX_DEPTH}`);
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    parsed.set(bytes, { json });
    return json;
  } catch (cause) {
    throw invalid(what, 'it is not JSON', cause);
  }
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** The engine takes seconds for millions of brackets within each other. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let isText = false;
  for (let position = 0; position < bytes.length; position += 1) {
    const byte = bytes[position] ?? 0;
    if (isText && byte === BACKSLASH) position += 1;
    else if (byte === QUOTE) isText = !isText;
    else if (!isText && OPENING.has(byte)) depth += 1;
    else if (!isText && CLOSING.has(byte)) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function invalid(what: string, why: string, cause?: unknown): BootlayerError {
  return new BootlayerError('IMAGE_INVALID', `${what} cannot be read: ${why}`, {
    remedy: 'push the image again with a tool that writes OCI or Docker manifests',
    ...(cause !== undefined && { cause }),
  });
}
