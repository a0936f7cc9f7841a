import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

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
 * @returns {{ name: string, contents: Buffer }[]}
 */
export function modulesInOrder(folder, wanted) {
  const files = /** @type {string[]} */ (readdirSync(folder, { recursive: true })).filter((name) =>
    name.endsWith('.ko'),
  );
  const paths = new Map(files.map((file) => [moduleName(basename(file, '.ko')), join(folder, file)]));
  /** @type {Map<string, Buffer>} */
  const loaded = new Map();
  const add = (/** @type {string} */ name) => {
    const path = paths.get(name);
    if (path === undefined || loaded.has(name)) return;
    const contents = readFileSync(path);
    dependsOf(contents).forEach(add);
    loaded.set(name, contents);
  };
  wanted.map(moduleName).forEach(add);
  return [...loaded].map(([name, contents]) => ({ name, contents }));
}

/** @param {string} text */
function moduleName(text) {
  return text.replaceAll('-', '_');
}
