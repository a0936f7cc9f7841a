/** How a thread of the single-file executable starts: from what that carries. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { getAsset, getRawAsset } from 'node:sea';
import { Script } from 'node:vm';
import { workerData } from 'node:worker_threads';
import { loadNative, NATIVE, NATIVE_DIGEST } from './native.js';

/** The script of a thread, beside its module. @param {string} path of that */
export function scriptOf(path) {
  return path.replace(/\.js$/, '.cjs');
}

/** Runs a script in this thread, as a CommonJS module that is where the executable is. @param {string} path */
export function runThread(path) {
  const builtIn = createRequire(process.execPath);
  /** The only package that is not in the script: SQLite, for this system. @param {string} id @returns {unknown} */
  const require = (id) => (id.startsWith('@libsql/') ? loadSqlite() : builtIn(id));
  const wrapped = `(function (exports, require, module, __filename) {${getAsset(scriptOf(path), 'utf8')}\n})`;
  const script = new Script(wrapped, { filename: `bootlayer/${path}` });
  const module = { exports: {} };
  /** @type {(exports: object, require: (id: string) => unknown, module: object, file: string) => void} */
  const start = script.runInThisContext();
  start(module.exports, require, module, process.execPath);
}

/** A thread that uses SQLite is given a file in the data folder. @returns {unknown} */
function loadSqlite() {
  const { file } = /** @type {{ file: string }} */ (workerData);
  const contents = () => Buffer.from(/** @type {ArrayBuffer} */ (getRawAsset(NATIVE)));
  return loadNative({ native: { digest: getAsset(NATIVE_DIGEST, 'utf8'), contents }, data: dirname(file), load });
}

/** Not by require, which reads each package.json in the folders of the program, and fails where one is damaged. @param {string} file */
function load(file) {
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports;
}
