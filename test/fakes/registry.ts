import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Role } from '../../src/image/role.js';
import { type Descriptor, descriptorOf } from '../../src/oci/descriptor.js';
import { digestOf } from '../../src/oci/digest.js';
import { IRONCORE_MANIFEST, OCI_MANIFEST } from '../../src/oci/media-type.js';

export type FakeRequest = { readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders };
/** `body` is what the client sent, whole. */
export type Handler = (response: ServerResponse, request: FakeRequest & { readonly body: Buffer }) => unknown;

export type FakeRegistryOptions = {
  /** `token`: a bearer token of its own token server is wanted; `basic`: a user name and a password are. */
  readonly auth?: 'none' | 'token' | 'basic';
  /** How long its tokens live. Its answer says nothing about it when left out. */
  readonly tokenSeconds?: number;
  /** Whether a blob that one repository has can be mounted into another. */
  readonly mounts?: boolean;
  /** Whether it knows ranges of blobs. */
  readonly ranges?: boolean;
  /** What it, or its token server, wants to see; without it a token is for everybody and nobody passes by Basic. */
  readonly user?: { readonly username: string; readonly password: string };
};

/** A registry for failures, and for documents that real ones refuse to store. Ends with the test. */
export async function startFakeRegistry(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const registry = new FakeRegistry(options);
  await registry.start();
  onTestFinished(() => registry.close());
  return registry;
}

type Document = { readonly mediaType: string; readonly bytes: Uint8Array };
type Fault = { readonly path: string; readonly handler: Handler; left: number };

export class FakeRegistry {
  /** Every request in the order it came, those to the token server too. */
  readonly requests: FakeRequest[] = [];
  /** Under `repository:tag` and `repository@digest`. */
  readonly documents = new Map<string, Document>();
  /** By digest, in every repository. */
  readonly blobs = new Map<string, Uint8Array>();
  /** Connections that are open now. */
  connections = 0;
  /** Over connections that were closed. */
  bytesSent = 0;
  readonly #options: FakeRegistryOptions;
  readonly #faults: Fault[] = [];
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((problem: unknown) => response.destroy(problem as Error));
  });
  #tokens = 0;
  /** The number of the last upload that was begun. */
  #uploads = 6;
  readonly #open = new Set<string>();

  constructor(options: FakeRegistryOptions) {
    this.#options = options;
    this.#server.on('connection', (socket) => {
      this.connections += 1;
      socket.on('close', () => {
        this.connections -= 1;
        this.bytesSent += socket.bytesWritten;
      });
    });
  }

  /** `127.0.0.1:port`, as references name it. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  addBlob(bytes: Uint8Array, mediaType = 'application/octet-stream'): Descriptor {
    const descriptor = descriptorOf(mediaType, bytes);
    this.blobs.set(descriptor.digest, bytes);
    return descriptor;
  }

  /** `mediaType` is what the registry says it is; the descriptor goes by it too. */
  addDocument(repository: string, tag: string, content: object, mediaType: string = OCI_MANIFEST): Descriptor {
    const bytes = Buffer.from(JSON.stringify(content));
    const descriptor = descriptorOf(mediaType, bytes);
    this.documents.set(`${repository}:${tag}`, { mediaType, bytes });
    this.documents.set(`${repository}@${descriptor.digest}`, { mediaType, bytes });
    return descriptor;
  }

  /** An image of amd64 under the tag `1`, of layers by their roles. Real registries do not store IronCore's manifests. */
  addImage(
    repository: string,
    layers: Partial<Readonly<Record<Role, Buffer>>>,
    mediaType: string = IRONCORE_MANIFEST,
  ): Descriptor {
    const config = this.addBlob(Buffer.from('{"architecture":"amd64"}'), 'application/vnd.oci.image.config.v1+json');
    const added = Object.entries(layers).map(([role, bytes]) =>
      this.addBlob(bytes, `application/vnd.ironcore.image.${role}`),
    );
    return this.addDocument(repository, '1', { schemaVersion: 2, mediaType, config, layers: added });
  }

  /** Answers the next so many requests whose path ends like this, whatever their method, in its own way. */
  answer(path: string, handler: Handler, times = Number.POSITIVE_INFINITY): void {
    this.#faults.push({ path, handler, left: times });
  }

  /** From now on it answers as it should. */
  mendAll(): void {
    this.#faults.length = 0;
  }

  fail(path: string, status: number, times?: number, headers: Record<string, string> = {}): void {
    this.answer(path, (response) => response.writeHead(status, headers).end('<html>a proxy fell over</html>'), times);
  }

  redirect(path: string, location: string, status = 307): void {
    this.answer(path, (response) => response.writeHead(status, { location }).end());
  }

  /** Promises all bytes, sends some, and hangs up. */
  truncate(path: string, bytes: Uint8Array, kept: number, times?: number): void {
    this.answer(
      path,
      (response) => {
        response.writeHead(200, { 'content-length': bytes.byteLength });
        response.write(bytes.subarray(0, kept), () => response.destroy());
      },
      times,
    );
  }

  /** Uploads that were begun, and neither finished nor given up. */
  get openUploads(): number {
    return this.#open.size;
  }

  /** How many requests had a path that ends like this. */
  count(path: string, method?: string): number {
    return this.requests.filter((one) => one.path.endsWith(path) && (method ?? one.method) === one.method).length;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, path: url, headers });
    const body = Buffer.concat(await request.toArray());
    const fault = this.#faults.find(({ path, left }) => left > 0 && url.endsWith(path));
    const upload = method === 'PUT' ? /\/blobs\/uploads\/(\d+)/.exec(url)?.[1] : undefined;
    // As docker-registry does: whatever came of a try, its place is gone.
    if (upload !== undefined && !this.#open.delete(upload)) return void response.writeHead(404).end();
    if (fault !== undefined) {
      fault.left -= 1;
      await fault.handler(response, { method, path: url, headers, body });
    } else if (url.startsWith('/token?')) {
      this.#giveToken(response, headers);
    } else if (this.#mayPass(headers)) {
      this.#serve({ method, path: url, headers, body }, response);
    } else {
      const challenge =
        this.#options.auth === 'basic'
          ? 'Basic realm="fake"'
          : `Bearer realm="http://${this.host}/token",service="fake",scope="repository:demo:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
  }

  #giveToken(response: ServerResponse, headers: IncomingHttpHeaders): void {
    const { tokenSeconds, user } = this.#options;
    if (user !== undefined && !this.#showsUser(headers)) return void response.writeHead(401).end();
    this.#tokens += 1;
    response.end(
      JSON.stringify({
        token: `token-${this.#tokens}`,
        ...(tokenSeconds !== undefined && { expires_in: tokenSeconds }),
      }),
    );
  }

  /** The newest token counts alone. */
  #mayPass(headers: IncomingHttpHeaders): boolean {
    const { auth = 'none' } = this.#options;
    if (auth === 'basic') return this.#showsUser(headers);
    return auth === 'none' || headers.authorization === `Bearer token-${this.#tokens}`;
  }

  #showsUser({ authorization }: IncomingHttpHeaders): boolean {
    const { username, password } = this.#options.user ?? {};
    const shown = Buffer.from(`${username}:${password}`).toString('base64');
    return username !== undefined && authorization === `Basic ${shown}`;
  }

  #serve(request: FakeRequest & { readonly body: Buffer }, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.path, `http://${this.host}`);
    const [, repository = '', kind = '', name = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(pathname) ?? [];
    const key = name.startsWith('sha256:') ? `${repository}@${name}` : `${repository}:${name}`;
    if (request.method === 'POST') {
      this.#begin(repository, searchParams.get('mount') ?? '', response);
    } else if (request.method === 'DELETE') {
      response.writeHead(this.#open.delete(name.slice('uploads/'.length)) ? 204 : 404).end();
    } else if (request.method === 'PUT' && kind === 'blobs') {
      this.#store(searchParams.get('digest') ?? '', request.body, response);
    } else if (request.method === 'PUT') {
      const document = { mediaType: request.headers['content-type'] ?? '', bytes: request.body };
      for (const each of [key, `${repository}@${digestOf(request.body)}`]) this.documents.set(each, document);
      response.writeHead(201).end();
    } else if (kind === 'blobs') {
      this.#giveBlob(this.blobs.get(name), request.headers.range, response);
    } else {
      const document = this.documents.get(key);
      const digest = document === undefined ? '' : digestOf(document.bytes);
      const headers = { 'content-type': document?.mediaType ?? '', 'docker-content-digest': digest };
      give(document?.bytes, headers, response);
    }
  }

  /** Of an upload, unless the blob can be mounted. */
  #begin(repository: string, mounted: string, response: ServerResponse): void {
    if (this.#options.mounts === true && this.blobs.has(mounted)) return void response.writeHead(201).end();
    this.#uploads += 1;
    const upload = String(this.#uploads);
    this.#open.add(upload);
    response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/${upload}?_state=a%20b~` }).end();
  }

  #giveBlob(bytes: Uint8Array | undefined, range: string | undefined, response: ServerResponse): void {
    const from = this.#options.ranges === true ? /^bytes=(\d+)-$/.exec(range ?? '')?.[1] : undefined;
    if (bytes === undefined || from === undefined) {
      give(bytes, { 'content-type': 'application/octet-stream' }, response);
      return;
    }
    const rest = bytes.subarray(Number(from));
    const contentRange = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(206, { 'content-range': contentRange, 'content-length': rest.length }).end(rest);
  }

  #store(digest: string, bytes: Buffer, response: ServerResponse): void {
    if (digestOf(bytes) !== digest) {
      response.writeHead(400).end(JSON.stringify({ errors: [{ code: 'DIGEST_INVALID' }] }));
      return;
    }
    this.blobs.set(digest, bytes);
    response.writeHead(201).end();
  }
}

function give(bytes: Uint8Array | undefined, headers: Record<string, string>, response: ServerResponse): void {
  if (bytes !== undefined) {
    response.writeHead(200, { ...headers, 'content-length': bytes.byteLength }).end(bytes);
    return;
  }
  const errors = [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown\nto the fake' }];
  response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ errors }));
}
