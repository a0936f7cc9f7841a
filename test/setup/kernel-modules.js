import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Debian 13 packs its modules. */
const SUFFIX = /\.ko(\.xz)?$/;
const LARGEST = 64 * 1024 * 1024;

/**
 * What a module says it depends on: the `depends=` line of its .modinfo section, NUL-terminated strings.
 * @param {Uint8Array} module
 * @returns {string[]} names with underscores
 */
export function dependsOf(module) {
  const bytes = Buffer.from(module.buffer, module.byteOffset, module.byteLength);
  const at = bytes.indexOf('\0depends=');
  if (at === -1) return [];
  const start = at + '\0depends='.length;
  const list = bytes.toString('latin1', start, bytes.indexOf(0, start));
  return list
    .split(',')
    .filter((name) => name !== '')
    .map(moduleName);
}

/**
 * The modules wanted and what they need, in the order to load them. What is not there is built into the kernel.
 * @param {string} folder `lib/modules/<version>`
 * @param {readonly string[]} wanted
 * @param {string} busybox unpacks what is packed
 * @returns {{ name: string, contents: Buffer }[]} unpacked
 */
export function modulesInOrder(folder, wanted, busybox) {
  const files = /** @type {string[]} */ (readdirSync(folder, { recursive: true })).filter((name) => SUFFIX.test(name));
  const paths = new Map(files.map((file) => [moduleName(basename(file)), join(folder, file)]));
  /** @type {Map<string, Buffer>} */
  const loaded = new Map();
  const add = (/** @type {string} */ name) => {
    const path = paths.get(name);
    if (path === undefined) return;
    paths.delete(name);
    const contents = readModule(path, busybox);
    dependsOf(contents).forEach(add);
    loaded.set(name, contents);
  };
  wanted.map(moduleName).forEach(add);
  return [...loaded].map(([name, contents]) => ({ name, contents }));
}

/** @param {string} path @param {string} busybox */
function readModule(path, busybox) {
  return path.endsWith('.xz') ? execFileSync(busybox, ['xzcat', path], { maxBuffer: LARGEST }) : readFileSync(path);
}

/** A module has underscores where its file may have dashes. @param {string} text */
function moduleName(text) {
  return text.replace(SUFFIX, '').replaceAll('-', '_');
}
