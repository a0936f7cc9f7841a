import { BootlayerError } from '../errors.js';
import type { Descriptor } from './descriptor.js';
import { type Digest, digestOf, isDigest } from './digest.js';
import type { HttpRequest, HttpResponse } from './http-client.js';
import type { FetchedDocument, ImageSource, ImageTarget, ManifestName } from './image-source.js';
import { MAX_MANIFEST_BYTES, mediaTypeOf } from './manifest.js';
import { ACCEPTED_MANIFESTS } from './media-type.js';
import type { RegistryClient } from './registry-client.js';
import { mismatch, type RequestContext, unreachable } from './registry-error.js';

const MAX_ERROR_BYTES = 64 * 1024;

/** One repository of a registry: where its images come from and go to. */
export class RegistryRepository implements ImageSource, ImageTarget {
  readonly name: string;
  readonly #client: RegistryClient;
  readonly #repository: string;
  readonly #base: URL;

  constructor(client: RegistryClient, registry: string, repository: string) {
    this.name = `${registry}/${repository}`;
    this.#client = client;
    this.#repository = repository;
    this.#base = new URL(`${repository}/`, client.baseUrl(registry));
  }

  async fetchDocument(
    name: ManifestName = { kind: 'tag', tag: 'latest' },
    signal?: AbortSignal,
  ): Promise<FetchedDocument> {
    const wanted = name.kind === 'tag' ? name.tag : name.digest;
    const headers = { accept: ACCEPTED_MANIFESTS, 'accept-encoding': 'identity' };
    const response = await this.#send('GET', `manifests/${wanted}`, { headers, signal });
    await this.#expect(response, 200, `manifest ${wanted}`);
    const bytes = await this.#whole(response, `manifest ${wanted}`);
    return this.#verified(name, bytes, response.header('docker-content-digest'));
  }

  async fetchBlob(descriptor: Descriptor, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const what = `blob ${descriptor.digest}`;
    const headers = { 'accept-encoding': 'identity' };
    const response = await this.#send('GET', `blobs/${descriptor.digest}`, { headers, signal });
    await this.#expect(response, 200, what);
    const length = response.header('content-length');
    if (length !== undefined && Number(length) !== descriptor.size) {
      await response.discard();
      throw mismatch(`${this.name}, ${what}`, `${descriptor.size} bytes were promised, the registry has ${length}`);
    }
    return this.#readable(response, what, signal);
  }

  async hasBlob(descriptor: Descriptor): Promise<boolean> {
    const response = await this.#send('HEAD', `blobs/${descriptor.digest}`, {});
    await response.discard();
    return response.status === 200;
  }

  /** In one piece (distribution-spec, pushing blobs: POST, then PUT). */
  async pushBlob(descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void> {
    const what = `blob ${descriptor.digest}`;
    const begun = await this.#send('POST', 'blobs/uploads/', { headers: { 'content-length': '0' } });
    await this.#expect(begun, 202, what);
    const location = begun.header('location');
    await begun.discard();
    if (location === undefined || !URL.canParse(location, begun.url.href)) {
      throw unreachable(this.#context(what), new Error('it names no place to upload to'));
    }
    const target = new URL(location, begun.url);
    target.searchParams.set('digest', descriptor.digest);
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(descriptor.size) };
    const stored = await this.#client.send(target, { method: 'PUT', headers, body: open }, this.#context(what));
    await this.#expect(stored, 201, what);
    await stored.discard();
  }

  async pushDocument({ descriptor, bytes }: FetchedDocument, tag?: string): Promise<void> {
    const reference = tag ?? descriptor.digest;
    const headers = { 'content-type': descriptor.mediaType, 'content-length': String(bytes.byteLength) };
    const response = await this.#send('PUT', `manifests/${reference}`, { headers, body: () => once(bytes) });
    await this.#expect(response, 201, `manifest ${reference}`);
    await response.discard();
  }

  #send(
    method: HttpRequest['method'],
    path: string,
    more: Partial<Omit<HttpRequest, 'method'>>,
  ): Promise<HttpResponse> {
    const what = path.replace('manifests/', 'manifest ').replace('blobs/', 'blob ');
    return this.#client.send(new URL(path, this.#base), { headers: {}, ...more, method }, this.#context(what));
  }

  #context(what: string): RequestContext {
    return { name: this.name, what, scope: `repository:${this.#repository}:pull` };
  }

  /** Anything but the status that means success, as an error; the body is gone then. */
  async #expect(response: HttpResponse, status: number, what: string): Promise<void> {
    if (response.status === status) return;
    const said = await errorMessage(response);
    const because = said === '' ? '' : ` (${said})`;
    if (response.status === 404) {
      throw new BootlayerError('IMAGE_NOT_FOUND', `${this.name} has no ${what}${because}`, {
        remedy: 'check the spelling of repository and tag, or push the image',
      });
    }
    throw unreachable(this.#context(what), new Error(`it answered ${response.status}${because}`));
  }

  async #whole(response: HttpResponse, what: string): Promise<Uint8Array> {
    try {
      return await response.bytes(MAX_MANIFEST_BYTES);
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw unreachable(this.#context(what), thrown);
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

  /** The network's errors as ours; an abort stays what it is. */
  async *#readable(response: HttpResponse, what: string, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    try {
      yield* response.body;
    } catch (thrown) {
      signal?.throwIfAborted();
      throw unreachable(this.#context(what), thrown);
    }
  }
}

/** What the registry says of it (distribution-spec, error codes), as far as it can be read; never more than a line. */
async function errorMessage(response: HttpResponse): Promise<string> {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(await response.bytes(MAX_ERROR_BYTES)));
    const { errors } = body as { errors?: readonly { code?: unknown; message?: unknown }[] };
    const [first] = errors ?? [];
    return [first?.code, first?.message]
      .filter((part) => typeof part === 'string')
      .join(': ')
      .replace(/[^\x20-\x7e]+/g, ' ')
      .slice(0, 200);
  } catch {
    await response.discard();
    return '';
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
