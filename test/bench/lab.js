import { createCipheriv } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../setup/command.js';
import { PROGRAM, startServer } from '../setup/server.js';

export const MIB = 1024 * 1024;
const APPEND = 'kernelArgs: { append: ["root={blob.squashfs.url}"] }';

/** A folder and what runs in it, all of it gone in the end. @param {(lab: Lab) => Promise<void>} work */
export async function withLab(work) {
  const lab = new Lab();
  try {
    await work(lab);
  } finally {
    await lab.end();
  }
}

export class Lab {
  folder = mkdtempSync(join(tmpdir(), 'bootlayer-bench-'));
  /** @type {(() => Promise<unknown>)[]} */
  #cleanUp = [async () => rmSync(this.folder, { recursive: true, force: true })];
  #servers = 0;

  /** @template {{ stop: () => Promise<unknown> }} T @param {T} part @returns {T} */
  started(part) {
    this.#cleanUp.push(() => part.stop());
    return part;
  }

  async end() {
    for (const undo of this.#cleanUp.reverse()) await undo();
  }

  /** Bytes that no file system or link can shorten, the same each time. @param {string} name @param {number} bytes */
  noise(name, bytes) {
    const file = join(this.folder, name);
    const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
    const out = openSync(file, 'w');
    for (let written = 0; written < bytes; written += MIB) writeSync(out, cipher.update(Buffer.alloc(MIB)));
    closeSync(out);
    return file;
  }

  /** An image of these files, `--kernel` and so on. @param {string} image @param {Record<string, string>} files */
  async build(image, files) {
    const options = Object.entries(files).flatMap(([role, file]) => [`--${role}`, file]);
    const platform = ['--platform', 'linux/amd64'];
    await run(process.execPath, [PROGRAM, 'image', 'build', '--plain-http', ...platform, ...options, image]);
  }

  /**
   * A server with an empty cache that boots everybody from the image.
   * @param {string} image
   * @param {{ registry?: string, prefetch?: boolean, onLog?: (line: import('../setup/server.js').LogLine) => void,
   *   address?: string, within?: readonly string[], assigned?: string, http?: string }} [options] `within`: a command that runs the
   *   rest of its arguments; `assigned`: what the assignment says beside the image; `http`: what that says beside where it listens
   */
  async serve(
    image,
    { registry, prefetch = false, onLog, address = '127.0.0.1', within = [], assigned = APPEND, http = '' } = {},
  ) {
    this.#servers += 1;
    const file = join(this.folder, `bootlayer-${this.#servers}.yaml`);
    const data = `data-${this.#servers}`;
    const lines = [
      `advertise: ${address}`,
      `data: ${data}`,
      `http: { listen: "${address}:0"${http} }`,
      'tftp: { listen: "127.0.0.1:0" }',
      'api: { listen: "127.0.0.1:0" }',
      `cache: { prefetch: ${prefetch} }`,
      ...(registry === undefined ? [] : [`registries: { "${registry}": { plainHttp: true } }`]),
      'machines: [{ name: node-01, mac: "52:54:00:12:34:56" }]',
      `assignments: [{ name: all, match: {}, image: "${image}", ${assigned} }]`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const server = this.started(await startServer(file, { within, ...(onLog !== undefined && { onLog }) }));
    const script = async () => (await fetch(`http://${server.http}${SCRIPT_PATH}`)).text();
    const port = Number(server.http.split(':').at(-1));
    return { ...server, data: join(this.folder, data), port, pid: server.process.pid ?? 0, script };
  }
}

export const SCRIPT_PATH = '/boot/script?mac=52-54-00-12-34-56&buildarch=x86_64&platform=pcbios';

/** The path of the root file system in a script. @param {string} script */
export function rootPath(script) {
  const path = /\/blobs\/sha256\/([0-9a-f]+)\/root\.squashfs/.exec(script);
  if (path === null) throw new Error(`the script names no squashfs:\n${script}`);
  return { path: path[0], hex: path[1] ?? '' };
}
