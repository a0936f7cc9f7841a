/** The program as one file: Node itself, with the program in it (a single executable application, as Node's manual has it). */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { ROOT, run } from '../../test/setup/command.js';
import { SetupError } from '../../test/setup/steps.js';
import { digestOf, NATIVE, NATIVE_DIGEST } from './native.js';
import { scriptOf } from './thread.js';

/** The modules that run in threads of their own, as `src` names them. */
const THREADS = ['config/load-thread-process.js', 'store/sqlite-worker-process.js', 'store/sqlite-copy-process.js'];

/** Of a Node that was built to be one. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** SQLite's native part for this system. */
export function nativeFile() {
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('libsql'));
  try {
    return resolve(`@libsql/linux-${process.arch}-gnu`);
  } catch {
    throw new SetupError(
      `there is no SQLite for ${process.platform} on ${process.arch}`,
      'package on Linux with glibc',
    );
  }
}

/** @param {string} file where it is made @param {string} work an empty folder */
export async function buildExecutable(file, work) {
  const node = readFileSync(process.execPath);
  if (!node.includes(`${FUSE}:0`)) {
    throw new SetupError(
      `${process.execPath} cannot be made a program of one file`,
      'take a Node from nodejs.org, or nodesource.com, or npm\'s package "node"',
    );
  }
  const digest = join(work, NATIVE_DIGEST);
  writeFileSync(digest, digestOf(readFileSync(nativeFile())));
  const native = { [NATIVE]: nativeFile(), [NATIVE_DIGEST]: digest };
  const assets = { 'package.json': join(ROOT, 'package.json'), ...native, ...(await bundleThreads(work)) };
  const main = await bundleProgram(work);
  const blob = join(work, 'blob');
  const configuration = join(work, 'sea.json');
  const settings = { main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true, assets };
  writeFileSync(configuration, JSON.stringify(settings));
  await run(process.execPath, ['--experimental-sea-config', configuration]);
  const part = `${file}.part`;
  try {
    copyFileSync(process.execPath, part);
    chmodSync(part, 0o755);
    const postject = join(dirname(fileURLToPath(import.meta.resolve('postject'))), 'cli.js');
    await run(process.execPath, [postject, part, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE]);
    await run(part, ['--version']);
    renameSync(part, file);
  } finally {
    rmSync(part, { force: true });
  }
}

/** What Node runs first. @param {string} work */
async function bundleProgram(work) {
  const program = JSON.stringify(join(ROOT, 'dist/cli/program.js'));
  const start = `import { runProgram } from ${program};
void runProgram(process.argv.slice(2)).then((status) => { process.exitCode = status; });
`;
  const entry = join(work, 'main.js');
  writeFileSync(entry, start);
  return await bundle(entry, join(work, 'main.cjs'), 'cjs');
}

/** Of each thread a small module that starts it, and the script that this runs. @param {string} work */
async function bundleThreads(work) {
  const starter = JSON.stringify(fileURLToPath(new URL('thread.js', import.meta.url)));
  /** @type {Record<string, string>} */
  const assets = {};
  for (const path of THREADS) {
    const file = join(work, 'threads', path);
    const entry = `${file}.entry.js`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(entry, `import { runThread } from ${starter};\nrunThread(${JSON.stringify(path)});\n`);
    assets[path] = await bundle(entry, file, 'esm');
    assets[scriptOf(path)] = await bundle(join(ROOT, 'dist', path), scriptOf(file), 'cjs');
  }
  return assets;
}

/** In place of node:module for fdir: see there. */
const NO_MODULE = fileURLToPath(new URL('no-module.js', import.meta.url));
/** @type {import('rolldown').Plugin} */
const nothingBeside = {
  name: 'nothing-beside',
  resolveId: (source, importer = '') =>
    /^(node:)?module$/.test(source) && /[\\/]fdir[\\/]/.test(importer) ? NO_MODULE : null,
};

/** With everything that it imports but what is built in. @param {string} input @param {string} file @param {'cjs' | 'esm'} format */
async function bundle(input, file, format) {
  const build = await rolldown({ input, platform: 'node', cwd: ROOT, logLevel: 'silent', plugins: [nothingBeside] });
  try {
    await build.write({
      file,
      format,
      codeSplitting: false,
      comments: { legal: false, annotation: false, jsdoc: false },
      // All of the script stays in memory. Names stay as they are: errors are told by them.
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    });
    writeFileSync(file, inAscii(readFileSync(file, 'utf8')));
    return file;
  } finally {
    await build.close();
  }
}

/** A script that has one character beyond Latin-1 takes two bytes of memory for each of its millions. @param {string} script */
function inAscii(script) {
  return script.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
