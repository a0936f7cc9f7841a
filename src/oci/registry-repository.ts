import { BootlayerError } from '../errors.js';
import { asciiLine } from '../format.js';
import { type Descriptor, mismatch, verifyBytes } from './descriptor.js';
import { type Digest, digestOf, isDigest } from './digest.js';
import { type HttpRequest, type HttpResponse, redirectTarget } from './http-client.js';
import {
  type FetchedDocument,
  type ImageSource,
  type ImageTarget,
  type ManifestName,
  once,
  withoutFirst,
} from './image-source.js';
import { MAX_MANIFEST_BYTES, mediaTypeOf } from './manifest.js';
import { ACCEPTED_MANIFESTS } from './media-type.js';
import { type RequestContext, unreachable } from './registry-error.js';
import { verifiedContent } from './verified-content.js';

const MAX_ERROR_BYTES = 64 * 1024;

/** How a repository reaches its registry; `RegistryClient` is it. */
export interface RegistryTransport {
  /** One request with its retries and its credentials (see `RegistryClient.ask`). */
  ask<T>(
    place: URL | (() => Promise<URL>),
    wanted: HttpRequest,
    context: RequestContext,
    read: (response: HttpResponse) => Promise<T>,
  ): Promise<T>;
}

export type RepositoryPlace = {
  /** `host[:port]`, by which its settings and credentials are found. */
  readonly registry: string;
  readonly repository: string;
  /** Of the registry's API, `https://host/v2/`. */
  readonly base: URL;
  /** How often a request is tried; as often as usual when left out. */
  readonly tries?: number;
};

/** Docker Hub's own short names (distribution/reference). */
export function repositoryPath(registry: string, repository: string): string {
  return registry === 'docker.io' && !repository.includes('/') ? `library/${repository}` : repository;
}

/** One repository of a registry: where its images come from and go to. */
export class RegistryRepository implements ImageSource, ImageTarget {
  readonly name: string;
  readonly #client: RegistryTransport;
  readonly #place: RepositoryPlace;
  readonly #base: URL;

  constructor(client: RegistryTransport, place: RepositoryPlace, name = `${place.registry}/${place.repository}`) {
    this.name = name;
    this.#client = client;
    this.#place = place;
    this.#base = new URL(`${place.repository}/`, place.base);
  }

  async fetchDocument(
    name: ManifestName = { kind: 'tag', tag: 'latest' },
    signal?: AbortSignal,
  ): Promise<FetchedDocument> {
    const wanted = name.kind === 'tag' ? name.tag : name.digest;
    const what = `manifest ${wanted}`;
    const headers = { accept: ACCEPTED_MANIFESTS, 'accept-encoding': 'identity' };
    const request = { method: 'GET', headers, signal } as const;
    return this.#ask(`manifests/${wanted}`, request, what, async (response) => {
      await this.#found(response, what);
      const bytes = await this.#whole(response, what);
      return this.#verified(name, bytes, response.header('docker-content-digest'));
    });
  }

  async fetchBlob(descriptor: Descriptor, signal?: AbortSignal, from = 0): Promise<AsyncIterable<Uint8Array>> {
    const what = `blob ${descriptor.digest}`;
    const range = from === 0 ? {} : { range: `bytes=${from}-` };
    const request = { method: 'GET', headers: { 'accept-encoding': 'identity', ...range }, signal } as const;
    return this.#ask(`blobs/${descriptor.digest}`, request, what, async (response) => {
      if (from > 0 && response.status === 206) return this.#rest(response, descriptor, { what, from, signal });
      await this.#found(response, what);
      const length = response.header('content-length');
      if (length === undefined || Number(length) === descriptor.size) {
        const whole = this.#readable(response, what, signal);
        // It does not know ranges.
        return from === 0 ? whole : withoutFirst(from, whole);
      }
      await response.discard();
      throw mismatch(`${this.name}, ${what}`, `${descriptor.size} bytes were promised, the registry has ${length}`);
    });
  }

  async readBlob(descriptor: Descriptor): Promise<Uint8Array> {
    const what = `blob ${descriptor.digest}`;
    const request = { method: 'GET', headers: { 'accept-encoding': 'identity' } } as const;
    return this.#ask(`blobs/${descriptor.digest}`, request, what, async (response) => {
      await this.#found(response, what);
      const bytes = await response.bytes(descriptor.size).catch((thrown: unknown) => {
        if (!(thrown instanceof RangeError)) throw thrown;
        throw mismatch(`${this.name}, ${what}`, `${descriptor.size} bytes were promised, and ${thrown.message}`);
      });
      verifyBytes(`${this.name}, ${what}`, descriptor, bytes);
      return bytes;
    });
  }

  async hasBlob(descriptor: Descriptor): Promise<boolean> {
    const what = `blob ${descriptor.digest}`;
    const request = { method: 'HEAD', headers: {} } as const;
    return this.#ask(`blobs/${descriptor.digest}`, request, what, async (response) => {
      await response.discard();
      return response.status === 200;
    });
  }

  /**
   * From another repository of the same registry (distribution-spec, "Mounting a blob from another repository"). Whatever keeps
   * it from that, the blob can still be sent.
   */
  async mountBlob({ digest }: Descriptor, from: string): Promise<boolean> {
    const { registry } = this.#place;
    if (!from.startsWith(`${registry}/`) || from === this.name) return false;
    const repository = repositoryPath(registry, from.slice(registry.length + 1));
    const what = `a mount of blob ${digest}`;
    const context = this.#context(what, 'POST');
    const scope = `${context.scope} repository:${repository}:pull`;
    const url = new URL(`blobs/uploads/?${new URLSearchParams({ mount: digest, from: repository })}`, this.#base);
    const request = { method: 'POST', headers: { 'content-length': '0' } } as const;
    try {
      return await this.#client.ask(url, request, { ...context, scope }, (response) => this.#mounted(response));
    } catch (thrown) {
      if (thrown instanceof BootlayerError) return false;
      throw thrown;
    }
  }

  /** A registry that would rather have the blob sent has opened an upload, of a token for mounting alone: it is given up. */
  async #mounted(response: HttpResponse): Promise<boolean> {
    await response.discard();
    const location = response.status === 202 ? response.header('location') : undefined;
    if (location !== undefined) {
      const what = 'the end of an upload';
      const end = async () => redirectTarget(response.url, location);
      const context = { ...this.#context(what, 'DELETE'), tries: 1 };
      const request = { method: 'DELETE', headers: {} } as const;
      await this.#client.ask(end, request, context, (gone) => gone.discard()).catch(() => undefined);
    }
    return response.status === 201;
  }

  /** In one piece (distribution-spec, pushing blobs: POST, then PUT). A registry ends an upload that broke: each try is a new one. */
  async pushBlob(descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void> {
    const what = `an upload of blob ${descriptor.digest}`;
    const target = () => this.#uploadTarget(descriptor, what);
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(descriptor.size) };
    const body = () => verifiedContent(`blob ${descriptor.digest}`, descriptor, open());
    await this.#client.ask(target, { method: 'PUT', headers, body }, this.#context(what, 'PUT'), (response) =>
      this.#done(response, 201, what),
    );
  }

  async pushDocument({ descriptor, bytes }: FetchedDocument, tag?: string): Promise<void> {
    const reference = tag ?? descriptor.digest;
    const what = `an upload of manifest ${reference}`;
    const headers = { 'content-type': descriptor.mediaType, 'content-length': String(bytes.byteLength) };
    const request = { method: 'PUT', headers, body: () => once(bytes) } as const;
    await this.#ask(`manifests/${reference}`, request, what, async (response) => {
      await this.#done(response, 201, what);
      // What it has made of other bytes is not what was pushed.
      const stored = response.header('docker-content-digest') ?? descriptor.digest;
      if (stored !== descriptor.digest)
        throw mismatch(`${this.name}, ${what}`, `${descriptor.digest} was sent, it has ${stored}`);
    });
  }

  #ask<T>(path: string, request: HttpRequest, what: string, read: (response: HttpResponse) => Promise<T>): Promise<T> {
    return this.#client.ask(new URL(path, this.#base), request, this.#context(what, request.method), read);
  }

  #context(what: string, method: HttpRequest['method'] = 'GET'): RequestContext {
    const actions = method === 'GET' || method === 'HEAD' ? 'pull' : 'pull,push';
    const { registry, repository, tries } = this.#place;
    const scope = `repository:${repository}:${actions}`;
    const { origin } = this.#base;
    return { registry, repository, name: this.name, origin, what, scope, ...(tries !== undefined && { tries }) };
  }

  /** Where the registry wants the blob. Its query is kept as it is: it may be signed. */
  async #uploadTarget(descriptor: Descriptor, what: string): Promise<URL> {
    const request = { method: 'POST', headers: { 'content-length': '0' } } as const;
    return this.#ask('blobs/uploads/', request, what, async (response) => {
      await this.#done(response, 202, what);
      const location = response.header('location');
      if (location === undefined) throw unreachable(this.#context(what), new Error('it names no place to upload to'));
      try {
        const target = redirectTarget(response.url, location);
        target.search += `${target.search === '' ? '?' : '&'}digest=${encodeURIComponent(descriptor.digest)}`;
        return target;
      } catch (cause) {
        throw unreachable(this.#context(what), cause);
      }
    });
  }

  /** A part that is not the one that was asked for would be noticed at the end only, and spoil the whole download. */
  async #rest(
    response: HttpResponse,
    { size }: Descriptor,
    { what, from, signal }: { what: string; from: number; signal: AbortSignal | undefined },
  ): Promise<AsyncIterable<Uint8Array>> {
    const range = response.header('content-range') ?? '';
    if (new RegExp(`^bytes ${from}-${size - 1}/(${size}|\\*)$`).test(range))
      return this.#readable(response, what, signal);
    await response.discard();
    throw mismatch(`${this.name}, ${what}`, `bytes from ${from} of ${size} were asked for, and it has "${range}"`);
  }

  /** Throws IMAGE_NOT_FOUND and REGISTRY_UNREACHABLE for anything but 200, and for web pages; the body is gone then. */
  async #found(response: HttpResponse, what: string): Promise<void> {
    if (/^text\/html\b/i.test(response.header('content-type') ?? '') && response.status === 200) {
      await response.discard();
      throw unreachable(this.#context(what), new Error('it answered with a web page, as proxies and login pages do'));
    }
    if (response.status === 200) return;
    if (response.status !== 404) return this.#unexpected(response, what);
    throw new BootlayerError('IMAGE_NOT_FOUND', `${this.name} has no ${what}${await errorMessage(response)}`, {
      remedy: 'check the spelling of repository and tag, or push the image',
    });
  }

  async #done(response: HttpResponse, status: number, what: string): Promise<void> {
    if (response.status !== status) return this.#unexpected(response, what);
    await response.discard();
  }

  async #unexpected(response: HttpResponse, what: string): Promise<never> {
    const why = `it answered ${response.status}${await errorMessage(response)}`;
    throw unreachable(this.#context(what), new Error(why));
  }

  async #whole(response: HttpResponse, what: string): Promise<Uint8Array> {
    try {
      return await response.bytes(MAX_MANIFEST_BYTES);
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown;
      throw new BootlayerError('IMAGE_INVALID', `${this.name}, ${what}: ${thrown.message}`, {
        remedy: 'no index or manifest is that large: push the image again',
      });
    }
  }

  #verified(name: ManifestName, bytes: Uint8Array, told: string | undefined): FetchedDocument {
    const digest = digestOf(bytes);
    const promised: Digest | undefined =
      name.kind === 'digest' ? name.digest : told !== undefined && isDigest(told) ? told : undefined;
    const what = `${this.name}, manifest ${name.kind === 'tag' ? name.tag : name.digest}`;
    if (promised !== undefined && promised !== digest)
      throw mismatch(what, `${promised} was promised, ${digest} received`);
    return { descriptor: { mediaType: mediaTypeOf(what, bytes), digest, size: bytes.byteLength }, bytes };
  }

  /**
   * The network's errors as ours; an abort stays what it is. No generator: one that is let go of before its first piece
   * would not end the connection.
   */
  #readable(response: HttpResponse, what: string, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    const pieces = response.body[Symbol.asyncIterator]();
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      try {
        return await pieces.next();
      } catch (thrown) {
        signal?.throwIfAborted();
        throw unreachable(this.#context(what), thrown);
      }
    };
    const end = async (): Promise<IteratorResult<Uint8Array>> => {
      response.destroy();
      return { done: true, value: undefined };
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
  }
}

/** What the registry says of it (distribution-spec, error codes), in brackets, as far as it can be read. One line. */
async function errorMessage(response: HttpResponse): Promise<string> {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(await response.words(MAX_ERROR_BYTES)));
    const { errors } = body as { errors?: readonly { code?: unknown; message?: unknown }[] };
    const [first] = errors ?? [];
    const parts = [first?.code, first?.message].filter((part) => typeof part === 'string');
    const said = asciiLine(parts.join(': ')).slice(0, 200);
    return said === '' ? '' : ` (${said})`;
  } catch {
    // It says nothing that can be read.
    return '';
  }
}
